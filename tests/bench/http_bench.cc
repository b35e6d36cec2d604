// Decoding on one core, bytes of the wire per second, beside memcpy and simdjson on the same bytes:
// what is a session's own cost? Pieces are 16 KiB, as a TLS record brings them, unless named.
#include <cstring>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <simdjson.h>
#include <zlib.h>

#include "agent/http/session.h"
#include "agent/http/sse.h"
#include "tests/unit/http/http2_builder.h"

namespace {

using namespace sonde;
using http::Direction;
using http::End;
using http::ExchangeNumber;
using http::Head;
using http::test::Http2Builder;

constexpr size_t kRecordBytes = 16 << 10;

// A chat completion request with a long conversation.
std::string chat_json(size_t size) {
  std::string json = R"({"model":"gpt-4o","stream":true,"messages":[)";
  for (size_t i = 0; json.size() < size; ++i) {
    if (i > 0) json += ',';
    json += R"({"role":"user","content":"Question )" + std::to_string(i) +
            R"(: what does \"the report\" say about the third quarter,\nand why?"})";
  }
  return json + "]}";
}

std::string sse_stream(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) {
    text += R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,)"
            R"("model":"gpt-4o","choices":[{"index":0,"delta":{"content":" token)" +
            std::to_string(i) + "\"},\"finish_reason\":null}]}\n\n";
  }
  return text + "data: [DONE]\n\n";
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Reads server-sent events of every response, and nothing else.
struct Reader final : http::ExchangeHandler {
  explicit Reader(const Limits& limits) : sse(limits) {}
  void on_request_head(ExchangeNumber, const Head&) override {}
  void on_request_body(ExchangeNumber, Bytes part) override { bytes += part.size(); }
  void on_request_gap(ExchangeNumber, uint64_t) override {}
  void on_request_end(ExchangeNumber, End) override {}
  void on_response_head(ExchangeNumber, const Head& head) override {
    is_stream = head.field("content-type") == "text/event-stream";
  }
  void on_response_body(ExchangeNumber, Bytes part) override {
    bytes += part.size();
    if (!is_stream) return;
    sse.consume(part, events);
    event_count += events.size();
    events.clear();
  }
  void on_response_gap(ExchangeNumber, uint64_t) override {}
  void on_response_end(ExchangeNumber, End end) override { whole += end == End::kComplete; }

  http::SseParser sse;
  std::vector<http::SseEvent> events;
  bool is_stream = false;
  uint64_t bytes = 0, event_count = 0, whole = 0;
};

struct Wire {
  std::string sent;
  std::string received;
};

void feed(http::Session& session, Direction direction, Bytes bytes, size_t piece) {
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece, bytes.size()))) {
    session.consume(direction, bytes.first(std::min(piece, bytes.size())));
  }
}

void decode(benchmark::State& state, const Wire& wire, size_t piece) {
  const Limits limits;
  uint64_t whole = 0;
  for (auto round : state) {
    Counters counters;
    Reader reader(limits);
    http::Session session(reader, limits, counters, false);
    feed(session, Direction::kSent, as_bytes(wire.sent), piece);
    feed(session, Direction::kReceived, as_bytes(wire.received), piece);
    whole += reader.whole;
    benchmark::DoNotOptimize(reader.bytes);
  }
  if (whole != static_cast<uint64_t>(state.iterations())) state.SkipWithError("not heard whole");
  state.SetBytesProcessed(
      static_cast<int64_t>(state.iterations() * (wire.sent.size() + wire.received.size())));
}

Wire http1(const std::string& request, const std::string& response, const std::string& fields) {
  std::string chunked;
  for (size_t at = 0; at < response.size(); at += 1000) {
    const std::string part = response.substr(at, 1000);
    char size[16];
    std::snprintf(size, sizeof(size), "%zx\r\n", part.size());
    chunked += size + part + "\r\n";
  }
  return {"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Length: " +
              std::to_string(request.size()) + "\r\n\r\n" + request,
          "HTTP/1.1 200 OK\r\n" + fields + "Transfer-Encoding: chunked\r\n\r\n" + chunked +
              "0\r\n\r\n"};
}

Wire http2(const std::string& request, const std::string& response, const std::string& type) {
  Http2Builder client(true);
  Http2Builder server(false);
  client.request(1, "/v1/chat/completions");
  server.headers(1, {{":status", "200"}, {"content-type", type}});
  for (size_t at = 0; at < request.size(); at += kRecordBytes) {
    client.data(1, request.substr(at, kRecordBytes), at + kRecordBytes >= request.size());
  }
  for (size_t at = 0; at < response.size(); at += 1000) {
    server.data(1, response.substr(at, 1000), at + 1000 >= response.size());
  }
  return {client.take(), server.take()};
}

void copy(benchmark::State& state, const std::string& text) {
  std::string target(text.size(), '\0');
  for (auto round : state) {
    std::memcpy(target.data(), text.data(), text.size());
    benchmark::DoNotOptimize(target.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

void parse_json(benchmark::State& state, const std::string& text) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(text);
  for (auto round : state) {
    simdjson::dom::element document;
    if (parser.parse(padded).get(document) != simdjson::SUCCESS) state.SkipWithError("not JSON");
    benchmark::DoNotOptimize(document);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

const std::string kJson = chat_json(256 << 10);
const std::string kEvents = sse_stream(256 << 10);
const std::string kEventFields = "Content-Type: text/event-stream\r\n";

BENCHMARK_CAPTURE(copy, json, kJson);
BENCHMARK_CAPTURE(parse_json, simdjson, kJson);
BENCHMARK_CAPTURE(decode, http1_json, http1(kJson, "{}", ""), kRecordBytes);
BENCHMARK_CAPTURE(decode, http1_json_in_one_piece, http1(kJson, "{}", ""), size_t{1} << 30);
BENCHMARK_CAPTURE(decode, http1_chunked_json, http1("{}", kJson, ""), kRecordBytes);
BENCHMARK_CAPTURE(decode, http1_gzip_json, http1("{}", gzip(kJson), "Content-Encoding: gzip\r\n"),
                  kRecordBytes);
BENCHMARK_CAPTURE(decode, http1_sse, http1("{}", kEvents, kEventFields), kRecordBytes);
BENCHMARK_CAPTURE(decode, http1_sse_in_small_pieces, http1("{}", kEvents, kEventFields), 200);
BENCHMARK_CAPTURE(decode, http2_json, http2(kJson, "{}", "application/json"), kRecordBytes);
BENCHMARK_CAPTURE(decode, http2_sse, http2("{}", kEvents, "text/event-stream"), kRecordBytes);

}  // namespace
