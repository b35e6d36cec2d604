#include "agent/http/sse.h"

#include <algorithm>
#include <utility>

namespace sonde::http {

namespace {

// Finds line ends, each byte looked at once for LF and once for CR: memchr is much faster than a
// search for either.
class LineEnds {
 public:
  explicit LineEnds(std::string_view text) : text_(text) {}
  // The first CR or LF at or behind `at`, or npos. `at` must not go back.
  size_t next(size_t at) {
    if (!ahead(feed_, at)) feed_ = text_.find('\n', at);
    if (!ahead(return_, at)) return_ = text_.find('\r', at);
    return std::min(feed_, return_);
  }

 private:
  static bool ahead(size_t found, size_t at) { return found != kUnknown && found >= at; }

  static constexpr size_t kUnknown = std::string_view::npos - 1;
  std::string_view text_;
  size_t feed_ = kUnknown;
  size_t return_ = kUnknown;
};

}  // namespace

Progress SseParser::consume(Bytes bytes, std::vector<SseEvent>& out) {
  const size_t before = out.size();
  oversized_ = false;
  const std::string_view text = as_text(bytes);
  LineEnds ends(text);
  size_t at = 0;
  while (at < text.size()) {
    if (std::exchange(after_return_, false) && text[at] == '\n') {
      ++at;
      continue;
    }
    const size_t end = ends.next(at);
    if (end == std::string_view::npos) {
      keep(text.substr(at));
      break;
    }
    const std::string_view part = text.substr(at, end - at);
    after_return_ = text[end] == '\r';
    at = end + 1;
    if (line_.empty()) {
      end_line(part, out);
    } else {
      keep(part);
      end_line(std::exchange(line_, {}), out);
    }
  }
  if (oversized_) return Progress::kInvalid;
  return out.size() > before ? Progress::kMessage : Progress::kNeedMore;
}

void SseParser::keep(std::string_view part) {
  if (line_.size() + part.size() > limits_->sse_event_bytes) {
    skipping_ = oversized_ = true;
    line_.assign(1, ':');  // what is left of the line is read as a comment
    return;
  }
  line_ += part;
}

void SseParser::end_line(std::string_view line, std::vector<SseEvent>& out) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  take_line(line, out);
}

void SseParser::take_line(std::string_view line, std::vector<SseEvent>& out) {
  if (line.empty()) {
    dispatch(out);
    return;
  }
  const size_t colon = line.find(':');
  if (colon == 0 || skipping_) return;  // a comment
  std::string_view value;
  if (colon != std::string_view::npos) {
    value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
  }
  take_field(line.substr(0, colon), value);
}

void SseParser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (data_.size() + value.size() >= limits_->sse_event_bytes) {
      skipping_ = oversized_ = true;
      return;
    }
    if (std::exchange(has_data_, true)) data_ += '\n';
    data_ += value;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    last_id_ = value;
  }
}

void SseParser::dispatch(std::vector<SseEvent>& out) {
  if (has_data_ && !skipping_) {
    SseEvent& event = out.emplace_back();
    if (!type_.empty()) event.event = std::move(type_);
    event.data = std::move(data_);
    event.id = last_id_;
  }
  type_.clear();
  data_.clear();
  has_data_ = skipping_ = false;
}

Progress SseParser::finish(std::vector<SseEvent>& out) {
  const size_t before = out.size();
  if (!line_.empty()) end_line(std::exchange(line_, {}), out);
  dispatch(out);
  return out.size() > before ? Progress::kMessage : Progress::kNeedMore;
}

void SseParser::gap() {
  line_.assign(1, ':');
  skipping_ = true;
  after_return_ = first_line_ = false;
}

}  // namespace sonde::http
