// Messages of a gRPC body: length-prefixed, each compressed on its own (gRPC over HTTP2, 2023), and
// of gRPC-Web, whose trailers stand in the body and whose text form is base64.
//
// Incremental, cut anywhere. A gap of known size inside a message costs that message; any other
// loses the framing, and the rest of the body with it. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/message.h"
#include "agent/http/progress.h"

namespace sonde::http {

struct GrpcFraming {
  bool web = false;      // the last frame may hold trailers
  bool base64 = false;   // application/grpc-web-text
  std::string subtype;   // after the plus sign of the media type: "proto", "json"; may be empty
  std::string encoding;  // grpc-encoding: the coding of compressed messages; may be empty
};
// nullopt: the message is not gRPC.
std::optional<GrpcFraming> grpc_framing(const Head& head);

struct GrpcMessage {
  std::string data;
  bool trailers = false;  // `data` is a field section of HTTP/1.1, as gRPC-Web sends it
};

class GrpcParser {
 public:
  // `limits` and `counters` are borrowed; Limits::grpc_message_bytes bounds one message.
  GrpcParser(GrpcFraming framing, const Limits& limits, Counters& counters)
      : framing_(std::move(framing)), limits_(&limits), counters_(&counters) {}

  // Takes all bytes and appends the messages that became whole. kMessage: at least one did.
  // kInvalid: a message was dropped, or the framing is lost.
  Progress consume(Bytes bytes, std::vector<GrpcMessage>& out);
  // `count` bytes are missing here (0: unknown how many).
  void gap(uint64_t count);
  // Whether the body ends, or stands, between two messages.
  bool between_messages() const { return !lost_ && !in_message_ && header_.empty() && quad_ == 0; }

 private:
  Progress decode_base64(Bytes bytes, std::vector<GrpcMessage>& out);
  Progress take(Bytes bytes, std::vector<GrpcMessage>& out);
  bool begin_message();
  bool end_message(std::vector<GrpcMessage>& out);
  bool decompress(std::string& text);

  GrpcFraming framing_;
  const Limits* limits_;
  Counters* counters_;
  std::string header_;   // of the message that begins, as far as it came
  std::string message_;  // as sent
  uint64_t left_ = 0;    // bytes of the message that are still to come
  uint8_t flags_ = 0;
  bool in_message_ = false;
  bool dropping_ = false;  // the message lacks a part or is too large
  bool lost_ = false;
  uint32_t bits_ = 0;  // base64: the group of four under way
  int quad_ = 0;
  int padding_ = 0;
};

}  // namespace sonde::http
