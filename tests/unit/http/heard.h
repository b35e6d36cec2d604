// A session with everything it needs, and what it told.
#pragma once

#include <string_view>

#include "agent/http/session.h"
#include "tests/unit/http/transcript.h"

namespace sonde::http::test {

struct Heard {
  Limits limits;
  Counters counters;
  Transcript transcript;
  Session session;

  explicit Heard(bool joined_late = false, Limits given = {})
      : limits(given), session(transcript, limits, counters, joined_late) {}
  Heard(const Heard&) = delete;

  void sent(std::string_view text) { session.consume(Direction::kSent, as_bytes(text)); }
  void received(std::string_view text) { session.consume(Direction::kReceived, as_bytes(text)); }
  Told& told(ExchangeNumber number) { return transcript.exchanges[number]; }
  size_t count() const { return transcript.exchanges.size(); }
};

}  // namespace sonde::http::test
