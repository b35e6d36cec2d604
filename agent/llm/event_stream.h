// Amazon's event stream (application/vnd.amazon.eventstream): length-prefixed messages, each with
// typed headers, a payload and two CRC-32 sums.
//
//   total length (4) | headers length (4) | CRC of these 8 (4) | headers | payload | CRC of all (4)
//
// Incremental; bytes that do not fit (a gap, garbage) are skipped to the next prelude whose sum is
// right. Not thread-safe; owned by one exchange.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent/base/bytes.h"
#include "agent/base/limits.h"
#include "agent/http/progress.h"

namespace sonde::llm {

struct EventStreamMessage {
  std::string type;  // ":event-type", or ":exception-type" of an exception
  std::string payload;
};

class EventStreamParser {
 public:
  // `limits` is borrowed: sse_event_bytes bounds one message.
  explicit EventStreamParser(const Limits& limits) : limits_(&limits) {}

  // Takes all bytes and appends the messages that became whole. kMessage: at least one did.
  // kInvalid: something was skipped; parsing went on behind it.
  http::Progress consume(Bytes bytes, std::vector<EventStreamMessage>& out);
  // Bytes are missing here: the message they touch is dropped.
  void gap();
  // Whether part of a message is waiting for its rest.
  bool holds_part() const { return !buffer_.empty(); }

 private:
  // What stands at the front of `bytes`, and how many bytes of it to take or to skip.
  enum class Front : uint8_t { kPart, kMessage, kGarbage };
  Front judge(Bytes bytes, size_t& size) const;

  const Limits* limits_;
  std::string buffer_;
};

}  // namespace sonde::llm
