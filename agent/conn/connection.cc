#include "agent/conn/connection.h"

namespace sonde::conn {

Connection::Connection(const capture::ConnectionKey& key, uint32_t target, bool joined_late,
                       http::ExchangeHandler& handler, const Limits& limits, Counters& counters)
    : key_(key),
      target_(target),
      joined_late_(joined_late),
      received_(counters),
      sent_(counters),
      session_(handler, limits, counters, joined_late) {}

void Connection::on_data(const capture::DataEvent& event) {
  const auto direction = event.sent ? http::Direction::kSent : http::Direction::kReceived;
  feed(direction, event.sent ? sent_ : received_, event.position, event.bytes,
       event.original_bytes);
}

void Connection::feed(http::Direction direction, Stream& stream, uint64_t position, Bytes bytes,
                      uint64_t original) {
  const Stream::Advance step = stream.advance(position, bytes, original);
  if (step.lost > 0) session_.gap(direction, step.lost);
  if (!step.bytes.empty()) session_.consume(direction, step.bytes);
  if (step.lost_after > 0) session_.gap(direction, step.lost_after);
}

void Connection::on_close(const capture::CloseEvent& event) {
  feed(http::Direction::kReceived, received_, event.end_position[0], {}, 0);
  feed(http::Direction::kSent, sent_, event.end_position[1], {}, 0);
  finish(http::Ending::kClosed);
}

void Connection::finish(http::Ending ending) { session_.close(ending); }

}  // namespace sonde::conn
