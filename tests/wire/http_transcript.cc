// Tells what a session hears on one connection, for tests against real peers.
//
// stdin: pieces of (kind, length as u32 big-endian, bytes); kind 0: received, 1: sent, 2 and 3: the
// same directions, but `length` bytes are missing and none follow. stdout: a line of JSON for each
// exchange. --late: the connection was joined late. --every-byte: feed single bytes.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <zlib.h>

#include "agent/http/session.h"

namespace {

using namespace sonde;
using http::End;
using http::ExchangeNumber;
using http::Head;

struct Message {
  uint64_t bytes = 0;
  uint64_t pieces = 0;
  uLong sum = crc32(0, nullptr, 0);
  bool whole = false;

  void add(Bytes part) {
    bytes += part.size();
    ++pieces;
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(part.data()), part.size());
  }
  nlohmann::json json() const {
    return {{"bytes", bytes}, {"crc", sum}, {"pieces", pieces}, {"whole", whole}};
  }
};

struct Exchange {
  Head request_head;
  Head response_head;
  Message request;
  Message response;
};

class Listener final : public http::ExchangeHandler {
 public:
  void on_request_head(ExchangeNumber n, const Head& head) override {
    exchanges[n].request_head = head;
  }
  void on_request_body(ExchangeNumber n, Bytes bytes) override { exchanges[n].request.add(bytes); }
  void on_request_gap(ExchangeNumber, uint64_t) override {}
  void on_request_end(ExchangeNumber n, End end) override {
    exchanges[n].request.whole = end == End::kComplete;
  }
  void on_response_head(ExchangeNumber n, const Head& head) override {
    exchanges[n].response_head = head;
  }
  void on_response_body(ExchangeNumber n, Bytes bytes) override {
    exchanges[n].response.add(bytes);
  }
  void on_response_gap(ExchangeNumber, uint64_t) override {}
  void on_response_end(ExchangeNumber n, End end) override {
    exchanges[n].response.whole = end == End::kComplete;
  }

  std::map<ExchangeNumber, Exchange> exchanges;
};

void play(Bytes script, http::Session& session, bool every_byte) {
  ByteReader reader(script);
  while (const auto kind = reader.u8()) {
    const auto direction = (*kind & 1) != 0 ? http::Direction::kSent : http::Direction::kReceived;
    const uint32_t length = reader.u32_be().value_or(0);
    if (*kind >= 2) {
      session.gap(direction, length);
      continue;
    }
    Bytes piece = reader.bytes(length).value_or(Bytes{});
    const size_t step = every_byte ? 1 : piece.size();
    for (; !piece.empty(); piece = piece.subspan(step)) {
      session.consume(direction, piece.first(step));
    }
  }
  session.close();
}

}  // namespace

int main(int argc, char** argv) {
  bool late = false;
  bool every_byte = false;
  for (int i = 1; i < argc; ++i) {
    late = late || std::string_view(argv[i]) == "--late";
    every_byte = every_byte || std::string_view(argv[i]) == "--every-byte";
  }
  const std::string script{std::istreambuf_iterator<char>(std::cin), {}};
  const Limits limits;
  Counters counters;
  Listener listener;
  http::Session session(listener, limits, counters, late);
  play(as_bytes(script), session, every_byte);
  for (const auto& [number, exchange] : listener.exchanges) {
    const nlohmann::json line = {
        {"method", exchange.request_head.method}, {"target", exchange.request_head.target},
        {"host", exchange.request_head.host()},   {"status", exchange.response_head.status},
        {"request", exchange.request.json()},     {"response", exchange.response.json()}};
    std::puts(line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).c_str());
  }
  return 0;
}
