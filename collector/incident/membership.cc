#include "collector/incident/membership.h"

#include <algorithm>

#include <fmt/format.h>

namespace sonde::incident {

using store::Incident;
using store::Membership;
using store::Severity;
namespace sql = store::sql;

namespace {

Status done(const Result<int64_t>& executed) {
  if (!executed.ok()) return tl::unexpected<Error>(executed.error());
  return {};
}

Status add_member(sql::Connection& connection, const Membership& member) {
  return done(connection.execute(
      "INSERT INTO incident_alerts (alert_id, incident_id, stage, rule, entity_type, entity_value, "
      "linked_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {member.alert_id, member.incident_id, member.stage, std::string_view(member.rule),
       std::string_view(member.entity.type), std::string_view(member.entity.value),
       member.linked_id}));
}

// The alert that an incident began with gives it its name.
Result<std::optional<Subject>> first_subject(sql::Connection& connection, int64_t incident_id) {
  const auto rows = connection.query(
      fmt::format("SELECT {} FROM incident_alerts m JOIN alerts a ON a.id = m.alert_id "
                  "WHERE m.incident_id = $1 ORDER BY m.alert_id LIMIT 1",
                  kSubjectColumns),
      {incident_id});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<Subject>();
  return std::optional(read_subject(rows->front()));
}

Result<bool> is_of_several_hosts(sql::Connection& connection, int64_t incident_id) {
  const auto rows = connection.query(
      "SELECT 1 FROM incident_digest WHERE incident_id = $1 AND dimension = 'host' LIMIT 2",
      {incident_id});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return rows->size() > 1;
}

}  // namespace

bool names_host(std::string_view title, std::string_view host) {
  return title.ends_with(fmt::format(" {}", host)) ||
         title.ends_with(fmt::format(" {}", kSeveralHosts));
}

Status save(sql::Connection& connection, Incident& incident, bool named_anew) {
  if (named_anew && !incident.title_fixed) {
    const auto first = first_subject(connection, incident.id);
    if (!first.ok()) return tl::unexpected<Error>(first.error());
    const auto several = is_of_several_hosts(connection, incident.id);
    if (!several.ok()) return tl::unexpected<Error>(several.error());
    if (*first) {
      incident.title = incident_title(incident.stage, (*first)->title, (*first)->application,
                                      *several ? std::string(kSeveralHosts) : (*first)->host);
    }
  }
  return done(connection.execute(
      "UPDATE incidents SET title = $1, severity = $2, first_ms = $3, last_ms = $4, "
      "alert_count = $5, stage = $6 WHERE id = $7",
      {std::string_view(incident.title), static_cast<int64_t>(incident.severity), incident.first_ms,
       incident.last_ms, incident.alert_count, incident.stage, incident.id}));
}

void take_in(Incident& incident, const Subject& subject) {
  incident.stage |= stage_bit(subject.stage);
  incident.first_ms = std::min(incident.first_ms, subject.time_ms);
  incident.last_ms = std::max(incident.last_ms, subject.time_ms);
  ++incident.alert_count;
  if (!incident.severity_fixed) {
    incident.severity =
        incident_severity(incident.stage, std::max(incident.severity, subject.severity));
  }
}

void take_in(Incident& incident, const Incident& other) {
  incident.stage |= other.stage;
  incident.first_ms = std::min(incident.first_ms, other.first_ms);
  incident.last_ms = std::max(incident.last_ms, other.last_ms);
  incident.alert_count += other.alert_count;
  if (!incident.severity_fixed) {
    incident.severity =
        incident_severity(incident.stage, std::max(incident.severity, other.severity));
  }
}

Subject read_subject(const sql::Row& row) {
  Subject subject;
  subject.id = row.integer(0);
  subject.time_ms = row.integer(1);
  subject.alert = row.text(2);
  subject.title = row.text(3);
  subject.severity = static_cast<Severity>(row.integer(4));
  subject.host = row.text(5);
  subject.application = row.text(6);
  subject.stage = stage_of(subject.alert);
  return subject;
}

Result<std::optional<Incident>> load_incident(sql::Connection& connection, int64_t id) {
  const auto rows = connection.query(
      fmt::format("SELECT {} FROM incidents i WHERE i.id = $1 AND i.merged_into IS NULL",
                  store::kIncidentColumns),
      {id});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<Incident>();
  return std::optional(store::read_incident_row(rows->front()));
}

Result<int64_t> create_incident(sql::Connection& connection, const Subject& subject,
                                const std::string& rule) {
  const StageSet stages = stage_bit(subject.stage);
  const std::string title =
      incident_title(stages, subject.title, subject.application, subject.host);
  const auto rows = connection.query(
      "INSERT INTO incidents (title, severity, first_ms, last_ms, alert_count, stage) "
      "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
      {std::string_view(title), static_cast<int64_t>(incident_severity(stages, subject.severity)),
       subject.time_ms, subject.time_ms, int64_t{1}, stages});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  const int64_t id = rows->front().integer(0);
  const Status added =
      add_member(connection, {subject.id, id, static_cast<int64_t>(subject.stage), rule, {}, 0});
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  store::DigestChange digest;
  digest.add(subject.alert, subject.host, subject.application);
  if (const Status counted = digest.write(connection, id); !counted.ok()) {
    return tl::unexpected<Error>(counted.error());
  }
  return id;
}

Status join_incident(sql::Connection& connection, int64_t incident_id, const Subject& subject,
                     const Membership& why) {
  auto loaded = load_incident(connection, incident_id);
  if (!loaded.ok()) return tl::unexpected<Error>(loaded.error());
  if (!*loaded) return fail(fmt::format("incident {} is gone", incident_id));
  Membership member = why;
  member.alert_id = subject.id;
  member.incident_id = incident_id;
  member.stage = static_cast<int64_t>(subject.stage);
  if (Status added = add_member(connection, member); !added.ok()) return added;
  Incident& incident = **loaded;
  const StageSet before = incident.stage;
  take_in(incident, subject);
  store::DigestChange digest;
  digest.add(subject.alert, subject.host, subject.application);
  if (Status counted = digest.write(connection, incident_id); !counted.ok()) return counted;
  const bool elsewhere = !names_host(incident.title, subject.host);
  return save(connection, incident, elsewhere || incident.stage != before);
}

Status move_alerts(sql::Connection& connection, int64_t into, int64_t from,
                   const std::string& rule) {
  const auto moved =
      rule.empty()
          ? connection.execute("UPDATE incident_alerts SET incident_id = $1 WHERE incident_id = $2",
                               {into, from})
          : connection.execute(
                "UPDATE incident_alerts SET incident_id = $1, rule = $3 WHERE incident_id = $2",
                {into, from, std::string_view(rule)});
  if (!moved.ok()) return tl::unexpected<Error>(moved.error());
  if (Status digests = store::merge_digests(connection, into, from); !digests.ok()) return digests;
  const auto comments =
      connection.execute("UPDATE comments SET object = $1 WHERE object = $2",
                         {std::string_view(fmt::format("incident:INC-{}", into)),
                          std::string_view(fmt::format("incident:INC-{}", from))});
  if (!comments.ok()) return tl::unexpected<Error>(comments.error());
  return done(connection.execute(
      "UPDATE incidents SET merged_into = $1, alert_count = 0 WHERE id = $2", {into, from}));
}

Status merge_incidents(sql::Connection& connection, int64_t into, int64_t from,
                       const std::string& rule) {
  auto target = load_incident(connection, into);
  if (!target.ok()) return tl::unexpected<Error>(target.error());
  const auto source = load_incident(connection, from);
  if (!source.ok()) return tl::unexpected<Error>(source.error());
  if (!*target || !*source) return fail("an incident vanished while it was merged");
  if (Status moved = move_alerts(connection, into, from, rule); !moved.ok()) return moved;
  // A severity that a person chose says nothing of the alerts: then they are looked at.
  if ((*source)->severity_fixed) return sum_up(connection, into);
  take_in(**target, **source);
  return save(connection, **target, true);
}

Status sum_up(sql::Connection& connection, int64_t incident_id) {
  auto loaded = load_incident(connection, incident_id);
  if (!loaded.ok()) return tl::unexpected<Error>(loaded.error());
  if (!*loaded) return {};
  const auto rows = connection.query(
      "SELECT m.stage, COUNT(*), MIN(a.time_ms), MAX(a.time_ms), MAX(a.severity) "
      "FROM incident_alerts m JOIN alerts a ON a.id = m.alert_id WHERE m.incident_id = $1 "
      "GROUP BY m.stage",
      {incident_id});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  Incident& incident = **loaded;
  incident.stage = 0;
  incident.alert_count = 0;
  Severity highest = Severity::kUnknown;
  for (size_t i = 0; i < rows->size(); ++i) {
    const sql::Row& row = (*rows)[i];
    incident.stage |= stage_bit(static_cast<Stage>(row.integer(0)));
    incident.alert_count += row.integer(1);
    incident.first_ms = i == 0 ? row.integer(2) : std::min(incident.first_ms, row.integer(2));
    incident.last_ms = i == 0 ? row.integer(3) : std::max(incident.last_ms, row.integer(3));
    highest = std::max(highest, static_cast<Severity>(row.integer(4)));
  }
  if (!incident.severity_fixed) incident.severity = incident_severity(incident.stage, highest);
  return save(connection, incident, true);
}

}  // namespace sonde::incident
