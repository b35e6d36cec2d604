// Whatever a peer, an application or a prompt can grow has a bound, and all bounds stand here.
// Each has a counter that says when it was reached (counters.h) and a test that reaches it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sonde {

struct Limits {
  // conn: connections a shard keeps; the least recently used is evicted.
  size_t connections = 16384;
  std::chrono::seconds connection_idle{600};
  // conn: bytes of one direction held back while an earlier gap may still be filled.
  size_t reorder_bytes = 256 << 10;

  // http: one header section (RFC 9112, 5), and the number of its fields.
  size_t header_bytes = 128 << 10;
  size_t header_fields = 1024;
  // http: one body, decoded. A longer one is cut, counted, and marked incomplete.
  size_t body_bytes = 32 << 20;
  // http: decoded bytes per encoded byte after the first MiB, and encodings stacked on one body.
  size_t decode_ratio = 200;
  size_t content_codings = 3;
  // http: requests without an answer on one connection, and open HTTP/2 streams.
  size_t pipelined_requests = 256;
  size_t http2_streams = 1024;
  size_t http2_frame_bytes = (16 << 20) - 1;
  size_t hpack_table_bytes = 64 << 10;
  size_t sse_event_bytes = 16 << 20;
  size_t websocket_message_bytes = 32 << 20;
  size_t grpc_message_bytes = 16 << 20;

  // llm: depth of JSON, messages, parts, tools of one exchange; bytes of all its texts.
  size_t json_depth = 256;
  size_t messages = 16384;
  size_t parts = 65536;
  size_t tool_calls = 4096;
  size_t exchange_text_bytes = 64 << 20;
  // llm: requests of the Model Context Protocol that wait for their answer; the oldest is dropped.
  size_t rpc_calls = 1024;
  // llm: conversations remembered, to tell which exchange goes on with which.
  size_t conversations = 4096;

  // detect: findings kept of one exchange; evidence code points.
  size_t findings = 64;
  size_t evidence_code_points = 512;

  // all: plaintext held in memory by one agent, over every connection.
  size_t plaintext_bytes = size_t{192} << 20;
};

}  // namespace sonde
