#include "agent/egress/cef.h"

#include <algorithm>

#include <fmt/format.h>

namespace sonde::egress {
namespace {

constexpr size_t kValueBytes = 4000;  // of an extension's value; a receiver's field is 4000 wide

// A header field: '|' and '\' are escaped, lines are not possible.
std::string header_field(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '\\') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

// The longest head of `text` that does not cut a character of UTF-8.
std::string_view head(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

// An extension's value: '=' and '\' are escaped, line ends become \n and \r.
std::string extension_value(std::string_view text) {
  std::string out;
  for (const char c : head(text, kValueBytes)) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      if (c == '=' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
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
