// What leaves the host: one JSON object with its kind, and how much it matters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/detect/finding.h"

namespace sonde::sink {

enum class RecordKind : uint8_t { kAlert, kActivity, kHeartbeat };

struct Record {
  RecordKind kind = RecordKind::kAlert;
  detect::Severity severity = detect::Severity::kInformational;  // of alerts
  std::string json;  // one line: alert/alert.h, alert/records.h
};

inline std::string_view kind_name(RecordKind kind) {
  switch (kind) {
    case RecordKind::kAlert:
      return "alert";
    case RecordKind::kActivity:
      return "activity";
    case RecordKind::kHeartbeat:
      return "heartbeat";
  }
  return "";
}

// Appends {"type":"alert","alert":{...}} and a newline: a line of POST /api/v1/ingest, of the file
// sink and of stdout.
inline void append_envelope(const Record& record, std::string& out) {
  const std::string_view kind = kind_name(record.kind);
  out.append(R"({"type":")").append(kind).append(R"(",")").append(kind).append(R"(":)");
  out.append(record.json).append("}\n");
}

}  // namespace sonde::sink
