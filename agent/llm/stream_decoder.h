// Cuts a streamed answer into its events: server-sent events, JSON lines.
//
// Incremental and indifferent to how the bytes were split. Not thread-safe; owned by one exchange.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace sonde::llm {

enum class StreamFormat : uint8_t {
  kServerSentEvents,  // WHATWG HTML, 9.2
  kJsonLines,         // one JSON text per line
};

class StreamDecoder {
 public:
  // `data` is borrowed for the call only. `name` is empty where the format has none.
  using EventHandler = std::function<void(std::string_view name, const std::string& data)>;

  // An event longer than `max_event_bytes` is dropped whole; dropped() then tells.
  StreamDecoder(StreamFormat format, size_t max_event_bytes, EventHandler handler);

  void consume(std::string_view bytes);
  // Bytes are missing here: the event they touch is dropped.
  void gap();
  // The stream is over; what was not ended by a blank line counts as an event if it is whole.
  void finish();
  // Events lost to gaps and limits.
  size_t dropped() const { return dropped_; }

 private:
  void take(std::string_view piece);
  void end_line();
  void end_event();
  void field(std::string_view line);

  StreamFormat format_;
  size_t max_event_bytes_;
  EventHandler handler_;
  std::string line_;
  std::string name_;
  std::string data_;
  bool has_data_ = false;
  bool damaged_ = false;
  bool after_carriage_return_ = false;
  size_t dropped_ = 0;
};

}  // namespace sonde::llm
