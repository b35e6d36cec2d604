#include "agent/llm/stream_decoder.h"

#include <utility>

namespace sonde::llm {

StreamDecoder::StreamDecoder(StreamFormat format, const Limits& limits, EventHandler handler)
    : format_(format),
      limits_(limits),
      handler_(std::move(handler)),
      events_(limits),
      event_stream_(limits) {}

void StreamDecoder::consume(std::string_view bytes) {
  switch (format_) {
    case StreamFormat::kServerSentEvents:
      return consume_events(bytes);
    case StreamFormat::kJsonLines:
      return consume_lines(bytes);
    case StreamFormat::kEventStream:
      return consume_event_stream(bytes);
  }
}

void StreamDecoder::consume_events(std::string_view bytes) {
  if (events_.consume(as_bytes(bytes), ready_) == http::Progress::kInvalid) ++dropped_;
  hand_out_events();
}

void StreamDecoder::hand_out_events() {
  for (const http::SseEvent& event : ready_) {
    const bool named = event.event != "message";  // the standard's default
    handler_(named ? std::string_view(event.event) : std::string_view(), event.data);
  }
  ready_.clear();
}

void StreamDecoder::consume_event_stream(std::string_view bytes) {
  std::vector<EventStreamMessage> messages;
  if (event_stream_.consume(as_bytes(bytes), messages) == http::Progress::kInvalid) ++dropped_;
  for (const EventStreamMessage& message : messages) handler_(message.type, message.payload);
}

void StreamDecoder::consume_lines(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (!skipping_ && line_.size() + piece.size() > limits_.sse_event_bytes) {
      skipping_ = true;
      ++dropped_;
    }
    if (!skipping_) line_.append(piece);
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    end_line();
  }
}

void StreamDecoder::end_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  if (!skipping_ && !line_.empty()) handler_({}, line_);
  skipping_ = false;
  line_.clear();
}

void StreamDecoder::gap() {
  ++dropped_;
  events_.gap();
  event_stream_.gap();
  line_.clear();
  skipping_ = format_ == StreamFormat::kJsonLines;
}

void StreamDecoder::finish() {
  switch (format_) {
    case StreamFormat::kServerSentEvents:
      if (events_.finish(ready_) == http::Progress::kInvalid) ++dropped_;
      return hand_out_events();
    case StreamFormat::kJsonLines:
      return end_line();
    case StreamFormat::kEventStream:
      if (event_stream_.holds_part()) ++dropped_;
      return;
  }
}

}  // namespace sonde::llm
