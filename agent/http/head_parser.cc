#include "agent/http/head_parser.h"

#include <algorithm>

#include "agent/http/text.h"

namespace sonde::http {
namespace {

std::string_view without_line_end(std::string_view line) {
  line.remove_suffix(1);  // LF
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// field-vchar, obs-text, SP, HTAB; receivers tolerate other controls but never NUL (RFC 9110, 5.5).
bool is_field_value(std::string_view value) {
  return value.find('\0') == std::string_view::npos && value.find('\r') == std::string_view::npos;
}

}  // namespace

Progress HeadParser::consume(Bytes& input) {
  while (!input.empty()) {
    const std::string_view text = as_text(input);
    const size_t newline = text.find('\n');
    const size_t taken = newline == std::string_view::npos ? text.size() : newline + 1;
    std::string_view line = text.substr(0, taken);
    input = input.subspan(taken);
    bytes_ += taken;
    if (bytes_ > limits_->header_bytes) {
      too_big_ = true;
      return Progress::kInvalid;
    }
    if (newline == std::string_view::npos || !line_.empty()) {
      line_ += line;
      if (newline == std::string_view::npos) {
        const bool hopeless = lines_ == 0 && starts_like(kind_, line_) == Likeness::kNo &&
                              line_ != "\r";  // the first half of an empty line
        return hopeless ? Progress::kInvalid : Progress::kNeedMore;
      }
      line = line_;
    }
    if (!take_line(without_line_end(line))) return fail(line);
    line_.clear();
    if (whole_) return Progress::kMessage;
  }
  return Progress::kNeedMore;
}

Progress HeadParser::fail(std::string_view line) {
  if (line_.empty()) line_ = line;
  return Progress::kInvalid;
}

void HeadParser::reset() {
  head_ = Head{};
  line_.clear();
  lines_ = bytes_ = 0;
  whole_ = too_big_ = false;
}

bool HeadParser::take_line(std::string_view line) {
  if (lines_ == 0) {
    if (line.empty()) return true;  // RFC 9112, 2.2: empty lines before a request are ignored
    ++lines_;
    return parse_start_line(kind_, line, head_);
  }
  ++lines_;
  if (line.empty()) {
    whole_ = true;
    return true;
  }
  return take_field(line);
}

bool HeadParser::take_field(std::string_view line) {
  if (line[0] == ' ' || line[0] == '\t') {  // obs-fold (RFC 9112, 5.2)
    if (head_.fields.empty() || !is_field_value(line)) return false;
    std::string& value = head_.fields.back().value;
    value += ' ';
    value += trim(line);
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  std::string_view name = line.substr(0, colon);
  // Whitespace before the colon: refused in requests, removed from responses (RFC 9112, 5.1).
  if (kind_ == StartKind::kResponse) name = trim(name);
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_token(name) || !is_field_value(value)) return false;
  if (head_.fields.size() >= limits_->header_fields) {
    too_big_ = true;
    return false;
  }
  head_.fields.push_back({lower(name), std::string(value)});
  return true;
}

}  // namespace sonde::http
