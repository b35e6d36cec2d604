// Changes to incidents inside a transaction: create, join, merge, sum up.
#pragma once

#include <optional>

#include "collector/incident/stage.h"
#include "collector/store/incidents.h"

namespace sonde::incident {

// An alert as correlation sees it.
struct Subject {
  int64_t id = 0;
  int64_t time_ms = 0;
  std::string alert;
  std::string title;
  store::Severity severity = store::Severity::kUnknown;
  std::string host;
  std::string application;
  Stage stage = Stage::kNone;
};

// Of alerts a; read_subject() expects them in this order.
inline constexpr std::string_view kSubjectColumns =
    "a.id, a.time_ms, a.alert, a.title, a.severity, a.host, a.application";
Subject read_subject(const store::sql::Row& row);

Result<std::optional<store::Incident>> load_incident(store::sql::Connection& connection,
                                                     int64_t id);

// An incident of this one alert.
Result<int64_t> create_incident(store::sql::Connection& connection, const Subject& subject,
                                const std::string& rule);

// Adds `subject` and brings time, count, stages, severity and title up to date.
Status join_incident(store::sql::Connection& connection, int64_t incident_id,
                     const Subject& subject, const store::Membership& why);

// What time, count, stages and severity become when an alert, or another incident, is taken in.
void take_in(store::Incident& incident, const Subject& subject);
void take_in(store::Incident& incident, const store::Incident& other);

// In the place of a host's name in the title of an incident.
inline constexpr std::string_view kSeveralHosts = "several hosts";
// Whether the title says `host`, or that there are several.
bool names_host(std::string_view title, std::string_view host);

// Writes an incident as it is; `named_anew`: with the title that its stages and its first alert
// give it, unless a person chose one.
Status save(store::sql::Connection& connection, store::Incident& incident, bool named_anew);

// Moves all alerts of `from` into `into`. `rule` says why: "merged" by hand, else empty and each
// alert keeps its own reason.
Status merge_incidents(store::sql::Connection& connection, int64_t into, int64_t from,
                       const std::string& rule);

// The part of it that concerns alerts, comments, digests and `from` itself.
Status move_alerts(store::sql::Connection& connection, int64_t into, int64_t from,
                   const std::string& rule);

// Reads the alerts anew and sets everything that follows from them; for changes by hand. The digest
// is right already.
Status sum_up(store::sql::Connection& connection, int64_t incident_id);

}  // namespace sonde::incident
