#include "agent/http/start_line.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "agent/http/text.h"

namespace sonde::http {
namespace {

constexpr std::string_view kVersionPrefix = "HTTP/1.";
constexpr size_t kMethodMax = 24;        // the longest registered one is UPDATEREDIRECTREF, 17
constexpr size_t kTargetMax = 16 << 10;  // of a request found by searching
constexpr std::array<std::string_view, 9> kSearchedMethods = {
    "GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "HEAD ", "OPTIONS ", "CONNECT ", "TRACE "};

// The first letter of one of them, told without a search: every byte of a lost body comes here.
constexpr bool is_method_initial(char c) {
  constexpr uint32_t kInitials = (1U << ('G' - 'A')) | (1U << ('P' - 'A')) | (1U << ('D' - 'A')) |
                                 (1U << ('H' - 'A')) | (1U << ('O' - 'A')) | (1U << ('C' - 'A')) |
                                 (1U << ('T' - 'A'));
  return c >= 'A' && c <= 'Z' && (kInitials >> (c - 'A') & 1U) != 0;
}

bool is_target_char(char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; }

// HTTP-version = "HTTP/1." DIGIT.
bool parse_version(std::string_view text, Version& version) {
  if (text.size() != 8 || !text.starts_with(kVersionPrefix) || !is_digit(text[7])) return false;
  version = text[7] == '0' ? Version::kHttp10 : Version::kHttp11;
  return true;
}

bool parse_request_line(std::string_view line, Head& head) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first) return false;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = trim(line.substr(first, last - first));
  if (method.size() > kMethodMax || !is_token(method) || target.empty()) return false;
  // A raw space in the target is invalid, yet servers accept it; other controls are not.
  if (!std::all_of(target.begin(), target.end(),
                   [](char c) { return is_target_char(c) || c == ' '; })) {
    return false;
  }
  if (!parse_version(line.substr(last + 1), head.version)) return false;
  head.method = method;
  head.target = target;
  return true;
}

bool parse_status_line(std::string_view line, Head& head) {
  if (line.size() < 12 || !parse_version(line.substr(0, 8), head.version)) return false;
  if (line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) return false;
  int status = 0;
  for (const char c : line.substr(9, 3)) {
    if (!is_digit(c)) return false;
    status = status * 10 + (c - '0');
  }
  head.status = status;
  return status >= 100;
}

// Does `text` begin with `prefix`, as far as it goes?
Likeness prefix_likeness(std::string_view text, std::string_view prefix) {
  if (text.starts_with(prefix)) return Likeness::kYes;
  return prefix.starts_with(text) ? Likeness::kMaybe : Likeness::kNo;
}

// Origin, asterisk or absolute form (RFC 9112, 3.2), as far as the text goes.
Likeness target_likeness(std::string_view text) {
  if (text.starts_with('/') || text.starts_with('*')) return Likeness::kYes;
  return prefix_likeness(text, "http");
}

// Every method in use is written in capitals, other text protocols' greetings are not.
bool is_method_char(char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

Likeness starts_like_request(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_method_char);
  const std::string_view method = text.substr(0, static_cast<size_t>(end - text.begin()));
  if (method.size() > kMethodMax) return Likeness::kNo;
  if (method.size() == text.size()) return Likeness::kMaybe;
  if (method.empty() || *end != ' ') return Likeness::kNo;
  return method == "CONNECT" ? Likeness::kYes : target_likeness(text.substr(method.size() + 1));
}

Likeness version_and_line_end(std::string_view text) {
  const Likeness prefix = prefix_likeness(text, kVersionPrefix);
  if (prefix != Likeness::kYes) return prefix;
  text.remove_prefix(kVersionPrefix.size());
  if (text.empty()) return Likeness::kMaybe;
  if (text[0] != '0' && text[0] != '1') return Likeness::kNo;
  return prefix_likeness(text.substr(1), "\r\n");
}

// A whole request line at the front of `text`, with one of the known methods.
Likeness request_line_here(std::string_view text) {
  Likeness best = Likeness::kNo;
  for (const std::string_view method : kSearchedMethods) {
    const Likeness likeness = prefix_likeness(text, method);
    if (likeness == Likeness::kMaybe) best = Likeness::kMaybe;
    if (likeness != Likeness::kYes) continue;
    std::string_view rest = text.substr(method.size());
    if (rest.empty()) return Likeness::kMaybe;
    if (method[0] != 'C' && target_likeness(rest) == Likeness::kNo) return Likeness::kNo;
    const std::string_view longest = rest.substr(0, kTargetMax);
    const auto end = std::find_if_not(longest.begin(), longest.end(), is_target_char);
    if (end == longest.end() && longest.size() == kTargetMax) return Likeness::kNo;
    rest.remove_prefix(static_cast<size_t>(end - longest.begin()));
    if (rest.empty()) return Likeness::kMaybe;
    return rest[0] == ' ' ? version_and_line_end(rest.substr(1)) : Likeness::kNo;
  }
  return best;
}

// A whole status line at the front of `text`.
Likeness status_line_here(std::string_view text) {
  const Likeness prefix = prefix_likeness(text, kVersionPrefix);
  if (prefix != Likeness::kYes) return prefix;
  constexpr size_t kReasonMax = 512;
  const size_t end = text.substr(0, kReasonMax).find('\n');
  if (end == std::string_view::npos) {
    return text.size() < kReasonMax ? Likeness::kMaybe : Likeness::kNo;
  }
  Head head;
  if (end == 0 || text[end - 1] != '\r') return Likeness::kNo;
  return parse_status_line(text.substr(0, end - 1), head) ? Likeness::kYes : Likeness::kNo;
}

}  // namespace

bool parse_start_line(StartKind kind, std::string_view line, Head& head) {
  return kind == StartKind::kRequest ? parse_request_line(line, head)
                                     : parse_status_line(line, head);
}

Likeness starts_like(StartKind kind, std::string_view text) {
  return kind == StartKind::kRequest ? starts_like_request(text)
                                     : prefix_likeness(text, kVersionPrefix);
}

StartSearch find_start(StartKind kind, std::string_view text) {
  const bool request = kind == StartKind::kRequest;
  for (size_t at = 0; at < text.size(); ++at) {
    if (!request) {
      at = std::min(text.find('H', at), text.size());
    } else if (!is_method_initial(text[at])) {
      continue;
    }
    const std::string_view rest = text.substr(at);
    const Likeness likeness = request ? request_line_here(rest) : status_line_here(rest);
    if (likeness != Likeness::kNo && !rest.empty()) return {likeness, at};
  }
  return {Likeness::kNo, text.size()};
}

}  // namespace sonde::http
