// Cuts a streamed answer into its events, whatever frames them.
//
// Incremental and indifferent to how the bytes were split. Not thread-safe; owned by one exchange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/limits.h"
#include "agent/http/sse.h"
#include "agent/llm/event_stream.h"

namespace sonde::llm {

enum class StreamFormat : uint8_t {
  kServerSentEvents,  // WHATWG HTML, 9.2
  kJsonLines,         // one JSON text per line
  kEventStream,       // Amazon's
};

class StreamDecoder {
 public:
  // `data` is borrowed for the call only. `name` is empty where the format or the event has none.
  using EventHandler = std::function<void(std::string_view name, const std::string& data)>;

  // `limits` is borrowed: an event longer than sse_event_bytes is dropped whole.
  StreamDecoder(StreamFormat format, const Limits& limits, EventHandler handler);

  void consume(std::string_view bytes);
  // Bytes are missing here: the event they touch is dropped.
  void gap();
  // The stream is over; an event whose end mark is missing counts if its data was read.
  void finish();
  // Gaps, garbage and events above the limit.
  size_t dropped() const { return dropped_; }

 private:
  void consume_events(std::string_view bytes);
  void consume_lines(std::string_view bytes);
  void consume_event_stream(std::string_view bytes);
  void end_line();
  void hand_out_events();

  StreamFormat format_;
  const Limits& limits_;
  EventHandler handler_;
  size_t dropped_ = 0;
  http::SseParser events_;
  std::vector<http::SseEvent> ready_;
  EventStreamParser event_stream_;
  std::string line_;
  bool skipping_ = false;  // the rest of a line that a gap or the limit spoilt
};

}  // namespace sonde::llm
