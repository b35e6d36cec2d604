#include "collector/incident/book.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

namespace sonde::incident {
namespace {

using store::Incident;
using store::WorkStatus;
namespace sql = store::sql;

constexpr int64_t kFirstOwnId = int64_t{1} << 62;

constexpr auto kIncidentInsert = std::to_array<sql::Column>({
    {"title", sql::Type::kText},
    {"severity", sql::Type::kInteger},
    {"first_ms", sql::Type::kInteger},
    {"last_ms", sql::Type::kInteger},
    {"alert_count", sql::Type::kInteger},
    {"stage", sql::Type::kInteger},
});
constexpr auto kMemberInsert = std::to_array<sql::Column>({
    {"alert_id", sql::Type::kInteger},
    {"incident_id", sql::Type::kInteger},
    {"stage", sql::Type::kInteger},
    {"rule", sql::Type::kText},
    {"entity_type", sql::Type::kText},
    {"entity_value", sql::Type::kText},
    {"linked_id", sql::Type::kInteger},
});

}  // namespace

Status IncidentBook::load(const std::vector<int64_t>& alert_ids) {
  if (alert_ids.empty()) return {};
  const sql::Dialect dialect = connection_.dialect();
  const std::string list = sql::id_list(dialect, alert_ids);
  const auto rows = connection_.query(
      fmt::format("SELECT m.alert_id, m.incident_id FROM incident_alerts m WHERE {}",
                  sql::one_of(dialect, "m.alert_id", 1)),
      {std::string_view(list)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::set<int64_t> incidents;
  for (const sql::Row& row : *rows) {
    incident_of_[row.integer(0)] = row.integer(1);
    incidents.insert(row.integer(1));
  }
  return read_incidents(incidents);
}

Status IncidentBook::read_incidents(const std::set<int64_t>& ids) {
  if (ids.empty()) return {};
  const sql::Dialect dialect = connection_.dialect();
  const std::string list = sql::id_list(dialect, std::vector<int64_t>(ids.begin(), ids.end()));
  const auto rows =
      connection_.query(fmt::format("SELECT {} FROM incidents i WHERE {}", store::kIncidentColumns,
                                    sql::one_of(dialect, "i.id", 1)) +
                            (dialect == sql::Dialect::kPostgres ? " FOR UPDATE" : ""),
                        {std::string_view(list)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  for (const sql::Row& row : *rows) {
    Entry entry;
    entry.incident = store::read_incident_row(row);
    entries_.emplace(entry.incident.id, std::move(entry));
  }
  return {};
}

int64_t IncidentBook::root(int64_t incident_id) const {
  for (;;) {
    const int64_t next = entries_.at(incident_id).merged_into;
    if (next == 0) return incident_id;
    incident_id = next;
  }
}

Standing IncidentBook::standing(int64_t alert_id) const {
  const auto found = incident_of_.find(alert_id);
  if (found == incident_of_.end() || !entries_.contains(found->second)) return {};
  const Incident& incident = entries_.at(root(found->second)).incident;
  const bool closed =
      incident.status == WorkStatus::kResolved || incident.status == WorkStatus::kSuppressed;
  return {incident.id, incident.alert_count, incident.pinned, closed};
}

int64_t IncidentBook::create(const Subject& subject) {
  const int64_t last = entries_.empty() ? 0 : entries_.rbegin()->first;
  Entry entry;
  entry.incident.id = std::max(last + 1, kFirstOwnId);
  entry.made = true;
  entry.first = subject;
  entry.incident.first_ms = subject.time_ms;
  entry.incident.last_ms = subject.time_ms;
  const int64_t id = entry.incident.id;
  entries_.emplace(id, std::move(entry));
  store::Membership why;
  why.rule = "first";
  join(id, subject, why);
  return id;
}

void IncidentBook::join(int64_t incident_id, const Subject& subject, const store::Membership& why) {
  Entry& entry = entries_.at(incident_id);
  store::Membership& member = members_.emplace_back(why);
  member.alert_id = subject.id;
  member.incident_id = incident_id;
  member.stage = static_cast<int64_t>(subject.stage);
  incident_of_[subject.id] = incident_id;
  const StageSet before = entry.incident.stage;
  take_in(entry.incident, subject);
  entry.touched = true;
  // The name follows from the stages, the first alert and the hosts: no need to look while none
  // changes.
  const bool elsewhere = !entry.made && !names_host(entry.incident.title, subject.host);
  entry.named_anew = entry.named_anew || elsewhere || entry.incident.stage != before;
  if (entry.first && subject.id < entry.first->id) {
    entry.first = subject;
    entry.named_anew = true;
  }
  entry.digest.add(subject.alert, subject.host, subject.application);
}

void IncidentBook::merge(int64_t into, int64_t from) {
  Entry& target = entries_.at(into);
  Entry& source = entries_.at(from);
  take_in(target.incident, source.incident);
  target.touched = true;
  target.named_anew = true;
  target.digest.add(source.digest);
  // A severity that a person chose says nothing of the alerts: then they are looked at.
  target.sum_up = target.sum_up || source.sum_up || source.incident.severity_fixed;
  if (target.first && source.first && source.first->id < target.first->id) {
    target.first = source.first;
  }
  if (!source.first) target.first.reset();
  source.merged_into = into;
  source.digest = {};
  source.incident.alert_count = 0;
}

int64_t IncidentBook::real(int64_t id) const {
  const auto found = real_ids_.find(id);
  return found == real_ids_.end() ? id : found->second;
}

Result<Round> IncidentBook::write() {
  for (const auto step :
       {&IncidentBook::write_made, &IncidentBook::write_members, &IncidentBook::write_merges,
        &IncidentBook::write_digests, &IncidentBook::write_changes}) {
    if (const Status done = (this->*step)(); !done.ok()) {
      return tl::unexpected<Error>(done.error());
    }
  }
  Round round;
  for (const auto& [id, entry] : entries_) {
    if (entry.merged_into != 0) {
      round.merged.insert(real(id));
    } else if (entry.touched) {
      (entry.made ? round.created : round.updated).insert(real(id));
    }
  }
  return round;
}

// With all that is known of them: what is not merged and knows its first alert needs no more.
Status IncidentBook::write_made() {
  std::vector<sql::Param> cells;
  std::vector<int64_t> own;
  for (auto& [id, entry] : entries_) {
    if (!entry.made) continue;
    Incident& incident = entry.incident;
    if (entry.first) {
      const bool several = entry.digest.hosts() > 1;
      incident.title = incident_title(incident.stage, entry.first->title, entry.first->application,
                                      several ? std::string(kSeveralHosts) : entry.first->host);
      entry.named_anew = false;
    }
    own.push_back(id);
    cells.emplace_back(std::string_view(incident.title));
    cells.emplace_back(static_cast<int64_t>(incident.severity));
    cells.emplace_back(incident.first_ms);
    cells.emplace_back(incident.last_ms);
    cells.emplace_back(incident.alert_count);
    cells.emplace_back(incident.stage);
  }
  const auto ids = connection_.insert_many({"incidents", kIncidentInsert}, cells);
  if (!ids.ok()) return tl::unexpected<Error>(ids.error());
  for (size_t i = 0; i < own.size(); ++i) real_ids_[own[i]] = (*ids)[i];
  return {};
}

Status IncidentBook::write_members() {
  std::vector<sql::Param> cells;
  cells.reserve(members_.size() * kMemberInsert.size());
  for (const store::Membership& member : members_) {
    cells.emplace_back(member.alert_id);
    cells.emplace_back(real(root(member.incident_id)));
    cells.emplace_back(member.stage);
    cells.emplace_back(std::string_view(member.rule));
    cells.emplace_back(std::string_view(member.entity.type));
    cells.emplace_back(std::string_view(member.entity.value));
    cells.emplace_back(member.linked_id);
  }
  return connection_.append_many({"incident_alerts", kMemberInsert}, cells);
}

Status IncidentBook::write_merges() {
  for (const auto& [id, entry] : entries_) {
    if (entry.merged_into == 0) continue;
    const Status moved = move_alerts(connection_, real(root(id)), real(id), "");
    if (!moved.ok()) return moved;
  }
  return {};
}

Status IncidentBook::write_digests() {
  std::vector<sql::Param> cells;
  for (const auto& [id, entry] : entries_) {
    if (entry.merged_into != 0 || entry.digest.empty()) continue;
    // move_alerts() may have given an incident of the round the digest of a stored one.
    if (entry.made && entry.first) {
      entry.digest.append_cells(real(id), cells);
    } else if (const Status written = entry.digest.write(connection_, real(id)); !written.ok()) {
      return written;
    }
  }
  return store::append_digests(connection_, cells);
}

Status IncidentBook::write_changes() {
  for (auto& [id, entry] : entries_) {
    const bool whole = entry.made && !entry.named_anew && !entry.sum_up;
    if (!entry.touched || entry.merged_into != 0 || whole) continue;
    entry.incident.id = real(id);
    const Status saved = entry.sum_up ? sum_up(connection_, entry.incident.id)
                                      : save(connection_, entry.incident, entry.named_anew);
    if (!saved.ok()) return saved;
  }
  return {};
}

}  // namespace sonde::incident
