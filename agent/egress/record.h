// What is sent: an alert or the state of an incident, with the fields that the formats name
// and the whole as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "agent/base/severity.h"

namespace sonde::egress {

// The program that sends.
struct Product {
  std::string name;  // "sonde", "sonde-collector"
  std::string version;
};

enum class RecordKind { kAlert, kIncident };

struct Record {
  RecordKind kind = RecordKind::kAlert;
  int64_t position = 0;  // id of the alert, change of the incident
  std::string uid;
  int64_t time_ms = 0;
  int64_t observed_ms = 0;  // when the sender had it
  std::string name;         // "credential.response", "incident"
  std::string title;
  Severity severity = Severity::kUnknown;
  std::string status;
  std::string host;
  std::string application;
  std::string provider;
  std::string model;
  std::string zone;
  double score = 0;
  std::string evidence;  // redacted by the agent
  std::string incident_uid;
  std::string json;  // OCSF, one line
};

}  // namespace sonde::egress
