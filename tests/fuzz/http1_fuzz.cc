// Both directions of one connection, cut and reordered as the input says: byte 0 holds flags, then
// pieces of (control, length, bytes).
#include <cstdint>
#include <cstdlib>

#include "agent/http/session.h"

namespace {

using sonde::Bytes;
using sonde::http::End;
using sonde::http::ExchangeNumber;
using sonde::http::Head;

struct Sink final : sonde::http::ExchangeHandler {
  uint64_t bytes = 0;
  void on_request_head(ExchangeNumber n, const Head&) override {
    if (n != ++last) std::abort();
  }
  void on_request_body(ExchangeNumber n, Bytes b) override { add(n, b); }
  void on_request_gap(ExchangeNumber, uint64_t) override {}
  void on_request_end(ExchangeNumber, End) override {}
  void on_response_head(ExchangeNumber n, const Head&) override { add(n, {}); }
  void on_response_body(ExchangeNumber n, Bytes b) override { add(n, b); }
  void on_response_gap(ExchangeNumber, uint64_t) override {}
  void on_response_end(ExchangeNumber, End) override {}
  void add(ExchangeNumber n, Bytes b) {
    if (n == 0 || n > last) std::abort();
    bytes += b.size();
  }
  ExchangeNumber last = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sonde::http::Direction;
  sonde::ByteReader reader(std::as_bytes(std::span(data, size)));
  const uint8_t flags = reader.u8().value_or(0);
  Sink sink;
  sonde::Limits limits;
  limits.body_bytes = 1 << 20;
  limits.header_bytes = 4096;
  limits.pipelined_requests = 4;
  limits.reorder_bytes = 4096;
  sonde::Counters counters;
  sonde::http::Session session(sink, limits, counters, (flags & 1) != 0);
  while (!reader.empty()) {
    const uint8_t control = reader.u8().value_or(0);
    const auto direction = (control & 1) != 0 ? Direction::kSent : Direction::kReceived;
    if ((control & 0x30) == 0x30) {
      session.gap(direction, control >> 6);
      continue;
    }
    const size_t wanted = reader.u16_be().value_or(0);
    const size_t length = wanted < reader.remaining() ? wanted : reader.remaining();
    session.consume(direction, *reader.bytes(length));
  }
  session.close();
  return 0;
}
