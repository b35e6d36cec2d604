#include "agent/egress/cef.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace sonde::egress {
namespace {

constexpr size_t kValueBytes = 4000;  // of an extension's value; a receiver's field is 4000 wide

// The longest head of `text` that does not cut a character of UTF-8.
std::string_view head(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

// The control character (Unicode category Cc) that `text` begins with; {0, 0}: it begins with none.
struct Control {
  unsigned code = 0;
  size_t bytes = 0;
};
Control control_at(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x20 || first == 0x7F) return {first, 1};
  if (first != 0xC2 || text.size() < 2) return {};
  const auto second = static_cast<unsigned char>(text[1]);  // U+0080 to U+009F
  return second < 0xA0 ? Control{second, 2} : Control{};
}

// Escapes `special` characters with '\\'. Whoever reads the log in a terminal must not carry out
// what an attacker wrote: control characters become text, "\\u001b".
std::string escaped(std::string_view text, std::string_view special, bool lines) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const Control control = control_at(text.substr(at));
    if (lines && (c == '\n' || c == '\r')) {
      out += c == '\n' ? "\\n" : "\\r";
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += ' ';
    } else if (control.bytes > 0) {
      fmt::format_to(std::back_inserter(out), "\\\\u{:04x}", control.code);
    } else {
      if (special.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
    at += std::max<size_t>(1, control.bytes);
  }
  return out;
}

// A header field: lines are not possible.
std::string header_field(std::string_view text) { return escaped(text, "|\\", false); }

// An extension's value: line ends become \n and \r.
std::string extension_value(std::string_view text) {
  return escaped(head(text, kValueBytes), "=\\", true);
}

int cef_severity(Severity severity) {
  switch (severity) {
    case Severity::kUnknown:
      return 5;
    case Severity::kInformational:
      return 1;
    case Severity::kLow:
      return 3;
    case Severity::kMedium:
      return 5;
    case Severity::kHigh:
      return 8;
    case Severity::kCritical:
    case Severity::kFatal:
      return 10;
  }
  return 5;
}

void append(std::string& line, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  if (line.back() != '|') line += ' ';
  line.append(key).append("=").append(extension_value(value));
}

void append_labelled(std::string& line, std::string_view key, std::string_view label,
                     std::string_view value) {
  if (value.empty()) return;
  append(line, fmt::format("{}Label", key), label);
  append(line, key, value);
}

}  // namespace

std::string to_cef(const Record& record, const Product& product) {
  std::string line = fmt::format("CEF:0|Sonde|{}|{}|{}|{}|{}|", product.name,
                                 header_field(product.version), header_field(record.name),
                                 header_field(record.title), cef_severity(record.severity));
  append(line, "externalId", record.uid);
  append(line, "rt", std::to_string(record.time_ms));
  append(line, "cat", record.kind == RecordKind::kAlert ? "alert" : "incident");
  append(line, "dvchost", record.host);
  append(line, "sproc", record.application);
  append(line, "outcome", record.status);
  append_labelled(line, "cs1", "provider", record.provider);
  append_labelled(line, "cs2", "model", record.model);
  append_labelled(line, "cs3", "zone", record.zone);
  append_labelled(line, "cs4", "incident", record.incident_uid);
  if (record.kind == RecordKind::kAlert) {
    append_labelled(line, "cfp1", "score", fmt::format("{:.4g}", record.score));
  }
  append(line, "msg", record.evidence);
  return line;
}

}  // namespace sonde::egress
