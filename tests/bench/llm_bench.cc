// From the bytes of the wire to exchanges on one core, beside simdjson and memcpy on the same
// bytes: what does reading a conversation cost beyond parsing its JSON?
#include <cstring>
#include <string>

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "agent/http/session.h"
#include "agent/llm/assembler.h"
#include "tests/unit/http/http2_builder.h"

namespace {

using namespace sonde;
using http::Direction;

constexpr size_t kRecordBytes = 16 << 10;  // as a TLS record brings them

std::string chat_request(size_t size, bool stream) {
  std::string json = R"({"model":"gpt-5","stream":)" + std::string(stream ? "true" : "false") +
                     R"(,"messages":[{"role":"system","content":"Be kind."})";
  for (size_t i = 0; json.size() < size; ++i) {
    json += R"(,{"role":"user","content":"Question )" + std::to_string(i) +
            R"(: what does \"the report\" say about the third quarter,\nand why?"})";
  }
  return json + "]}";
}

std::string chat_answer(size_t size) {
  std::string text;
  while (text.size() < size) text += "The third quarter was quiet, says the report. ";
  return R"({"id":"1","object":"chat.completion","model":"gpt-5","choices":[{"index":0,"message":)"
         R"({"role":"assistant","content":")" +
         text + R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}})";
}

std::string chat_events(size_t size) {
  std::string out;
  while (out.size() < size) {
    out += R"(data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"gpt-5",)"
           R"("choices":[{"index":0,"delta":{"content":" quarter"},"finish_reason":null}]})"
           "\n\n";
  }
  return out + "data: [DONE]\n\n";
}

struct Wire {
  std::string sent;
  std::string received;
  size_t size() const { return sent.size() + received.size(); }
};

Wire http1(const std::string& request, const std::string& answer, const char* type) {
  return {
      "POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\ncontent-type: "
      "application/json\r\ncontent-length: " +
          std::to_string(request.size()) + "\r\n\r\n" + request,
      std::string("HTTP/1.1 200 OK\r\ncontent-type: ") + type +
          "\r\ncontent-length: " + std::to_string(answer.size()) + "\r\n\r\n" + answer};
}

Wire http2(const std::string& request, const std::string& answer, const char* type) {
  http::test::Http2Builder client(true);
  http::test::Http2Builder server(false);
  client.headers(1, {{":method", "POST"},
                     {":scheme", "https"},
                     {":authority", "api.openai.com"},
                     {":path", "/v1/chat/completions"},
                     {"content-type", "application/json"}});
  server.headers(1, {{":status", "200"}, {"content-type", type}});
  const auto data = [](http::test::Http2Builder& side, std::string_view body) {
    for (size_t at = 0; at < body.size(); at += kRecordBytes) {
      side.data(1, body.substr(at, kRecordBytes), at + kRecordBytes >= body.size());
    }
  };
  data(client, request);
  data(server, answer);
  return {client.take(), server.take()};
}

void feed(http::Session& session, Direction direction, std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += kRecordBytes) {
    session.consume(direction, as_bytes(bytes.substr(at, kRecordBytes)));
  }
}

void to_exchanges(benchmark::State& state, const Wire& wire) {
  const Limits limits;
  Counters counters;
  size_t exchanges = 0;
  for (auto _ : state) {
    llm::Assembler assembler(limits, counters, [&](llm::Exchange&& exchange) {
      benchmark::DoNotOptimize(exchange);
      ++exchanges;
    });
    http::Session session(assembler, limits, counters, false);
    feed(session, Direction::kSent, wire.sent);
    feed(session, Direction::kReceived, wire.received);
    session.close();
    assembler.finish();
  }
  if (exchanges != static_cast<size_t>(state.iterations()))
    state.SkipWithError("not one exchange each");
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * wire.size()));
}

constexpr size_t kBodyBytes = 512 << 10;

void BM_Http1Json(benchmark::State& state) {
  to_exchanges(state,
               http1(chat_request(kBodyBytes, false), chat_answer(kBodyBytes), "application/json"));
}
void BM_Http1Events(benchmark::State& state) {
  to_exchanges(state,
               http1(chat_request(4 << 10, true), chat_events(kBodyBytes), "text/event-stream"));
}
void BM_Http2Json(benchmark::State& state) {
  to_exchanges(state,
               http2(chat_request(kBodyBytes, false), chat_answer(kBodyBytes), "application/json"));
}
void BM_Http2Events(benchmark::State& state) {
  to_exchanges(state,
               http2(chat_request(4 << 10, true), chat_events(kBodyBytes), "text/event-stream"));
}

void BM_SimdjsonWholeJson(benchmark::State& state) {
  const simdjson::padded_string request(chat_request(kBodyBytes, false));
  const simdjson::padded_string answer(chat_answer(kBodyBytes));
  simdjson::dom::parser parser;
  for (auto _ : state) {
    benchmark::DoNotOptimize(parser.parse(request).error());
    benchmark::DoNotOptimize(parser.parse(answer).error());
  }
  state.SetBytesProcessed(
      static_cast<int64_t>(state.iterations() * (request.size() + answer.size())));
}

void BM_SimdjsonEvents(benchmark::State& state) {
  const std::string events = chat_events(kBodyBytes);
  std::vector<simdjson::padded_string> bodies;
  for (size_t at = 0, end = 0; (end = events.find("\n\n", at)) != std::string::npos; at = end + 2) {
    bodies.emplace_back(std::string_view(events).substr(at + 6, end - at - 6));
  }
  simdjson::dom::parser parser;
  for (auto _ : state) {
    for (const auto& body : bodies) benchmark::DoNotOptimize(parser.parse(body).error());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * events.size()));
}

void BM_Memcpy(benchmark::State& state) {
  const std::string from = chat_answer(kBodyBytes);
  std::string to(from.size(), '\0');
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * from.size()));
}

BENCHMARK(BM_Http1Json);
BENCHMARK(BM_Http2Json);
BENCHMARK(BM_SimdjsonWholeJson);
BENCHMARK(BM_Http1Events);
BENCHMARK(BM_Http2Events);
BENCHMARK(BM_SimdjsonEvents);
BENCHMARK(BM_Memcpy);

}  // namespace
