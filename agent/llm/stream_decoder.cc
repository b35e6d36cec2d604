#include "agent/llm/stream_decoder.h"

#include <utility>

namespace sonde::llm {

StreamDecoder::StreamDecoder(StreamFormat format, size_t max_event_bytes, EventHandler handler)
    : format_(format), max_event_bytes_(max_event_bytes), handler_(std::move(handler)) {}

void StreamDecoder::consume(std::string_view bytes) {
  while (!bytes.empty()) {
    // CRLF, LF and CR each end a line; a CRLF may be split between two calls.
    if (std::exchange(after_carriage_return_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const size_t end = bytes.find_first_of("\r\n");
    take(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    after_carriage_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line();
  }
}

void StreamDecoder::take(std::string_view piece) {
  if (damaged_) return;
  if (line_.size() + data_.size() + piece.size() > max_event_bytes_) {
    damaged_ = true;
    line_.clear();
    data_.clear();
    return;
  }
  line_.append(piece);
}

void StreamDecoder::end_line() {
  if (format_ == StreamFormat::kJsonLines) {
    data_.swap(line_);
    has_data_ = !data_.empty();
    end_event();
  } else if (damaged_) {
    // Only a blank line ends a damaged event, and its lines are not kept: the next line that
    // begins a field is where hearing starts again.
    dropped_ += 1;
    damaged_ = false;
    has_data_ = false;
    name_.clear();
  } else if (line_.empty()) {
    end_event();
  } else {
    field(line_);
  }
  line_.clear();
}

void StreamDecoder::field(std::string_view line) {
  if (line.front() == ':') return;  // a comment, often a keep-alive
  const size_t colon = line.find(':');
  const std::string_view key = line.substr(0, colon);
  std::string_view value =
      colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (key == "data") {
    if (has_data_) data_ += '\n';
    data_.append(value);
    has_data_ = true;
  } else if (key == "event") {
    name_ = value;
  }
}

void StreamDecoder::end_event() {
  if (damaged_) dropped_ += 1;
  if (has_data_ && !damaged_) handler_(name_, data_);
  damaged_ = false;
  has_data_ = false;
  name_.clear();
  data_.clear();
}

void StreamDecoder::gap() {
  damaged_ = true;
  line_.clear();
  data_.clear();
}

void StreamDecoder::finish() {
  if (!line_.empty()) end_line();
  if (has_data_ || damaged_) end_event();
}

}  // namespace sonde::llm
