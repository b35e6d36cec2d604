#include "collector/incident/correlator.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "collector/incident/links.h"
#include "collector/incident/membership.h"
#include "collector/incident/persons.h"

namespace sonde::incident {
namespace {

using store::Entity;
using store::Severity;
using store::WorkStatus;
namespace sql = store::sql;

constexpr size_t kMaxEntities = 32;
// Alerts that are in no incident yet and come in with the one that joins them.
constexpr size_t kMaxPulledIn = 50;

// An earlier alert that shares an entity with the subject.
struct Link {
  Entity entity;
  Strength strength = Strength::kIgnored;
  int64_t alert_id = 0;
  int64_t time_ms = 0;
  int64_t incident_id = 0;  // 0: in none
  bool pinned = false;
};

std::vector<Entity> linking_entities(const Subject& subject, const std::string& entities_json) {
  std::vector<Entity> entities = store::entities_from_json(entities_json);
  if (!subject.host.empty() && !subject.application.empty()) {
    entities.push_back({std::string(kHostApplication), subject.host + "/" + subject.application});
  }
  for (Entity& entity : entities) {
    if (entity.type == "conversation") {
      entity.value = scoped_conversation(subject, entities, entity.value);
    }
  }
  std::sort(entities.begin(), entities.end());
  entities.erase(std::unique(entities.begin(), entities.end()), entities.end());
  std::erase_if(entities, [](const Entity& entity) {
    return link_rule(entity.type).strength == Strength::kIgnored;
  });
  // A place without a person never links, on either side (drop_lonely_links).
  const bool person = std::any_of(entities.begin(), entities.end(), [](const Entity& entity) {
    return link_rule(entity.type).strength == Strength::kPerson;
  });
  if (!person) {
    std::erase_if(entities, [](const Entity& entity) {
      return link_rule(entity.type).strength == Strength::kPlace;
    });
  }
  // Many weak ones must not crowd out what joins by itself.
  std::stable_sort(entities.begin(), entities.end(), [](const Entity& a, const Entity& b) {
    return link_rank(a.type) < link_rank(b.type);
  });
  if (entities.size() > kMaxEntities) entities.resize(kMaxEntities);
  return entities;
}

// Whether `other` and the subject follow the kill chain in time.
bool in_order(const Subject& subject, int64_t other_time, Stage other_stage) {
  if (other_time <= subject.time_ms) return other_stage < subject.stage;
  return subject.stage < other_stage;
}

// One part of the statement below, for the entity whose five parameters begin at `first`.
std::string sharers_query(size_t entity, size_t first) {
  return fmt::format(
      "SELECT * FROM (SELECT {} AS entity, c.alert_id, c.time_ms, c.stage, "
      "COALESCE(m.incident_id, 0) AS incident_id, COALESCE(i.status, 0) AS status, "
      "COALESCE(i.pinned, 0) AS pinned FROM correlation_entities c "
      "LEFT JOIN incident_alerts m ON m.alert_id = c.alert_id "
      "LEFT JOIN incidents i ON i.id = m.incident_id "
      "WHERE c.type = ${} AND c.value = ${} AND c.time_ms >= ${} AND c.time_ms <= ${} "
      "ORDER BY c.time_ms DESC, c.alert_id DESC LIMIT ${}) AS q{}",
      entity, first, first + 1, first + 2, first + 3, first + 4, entity);
}

// Earlier alerts that share one of `entities`, for each the newest first: one round trip.
Result<sql::Rows> find_sharers(sql::Connection& connection, const Subject& subject,
                               const std::vector<Entity>& entities) {
  std::string statement;
  std::vector<sql::Param> params;
  for (size_t i = 0; i < entities.size(); ++i) {
    const LinkRule rule = link_rule(entities[i].type);
    if (i > 0) statement += " UNION ALL ";
    statement += sharers_query(i, params.size() + 1);
    params.emplace_back(std::string_view(entities[i].type));
    params.emplace_back(std::string_view(entities[i].value));
    params.emplace_back(subject.time_ms - rule.window_ms);
    params.emplace_back(subject.time_ms + rule.window_ms);
    params.emplace_back(rule.most_sharers == 0 ? kNewestSharers : rule.most_sharers + 1);
  }
  return connection.query(statement, sql::Params(params));
}

Result<std::vector<Link>> find_links(sql::Connection& connection, const Subject& subject,
                                     const std::vector<Entity>& entities) {
  std::vector<Link> links;
  if (entities.empty()) return links;
  const auto rows = find_sharers(connection, subject, entities);
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<int64_t> sharers(entities.size(), 0);
  for (const sql::Row& row : *rows) ++sharers[static_cast<size_t>(row.integer(0))];
  for (const sql::Row& row : *rows) {
    const auto index = static_cast<size_t>(row.integer(0));
    const LinkRule rule = link_rule(entities[index].type);
    const bool hub = rule.most_sharers != 0 && sharers[index] > rule.most_sharers;
    const auto status = static_cast<WorkStatus>(row.integer(5));
    // A closed story is not opened again by what comes later.
    const bool closed = status == WorkStatus::kResolved || status == WorkStatus::kSuppressed;
    const bool ordered = rule.strength == Strength::kStrong ||
                         in_order(subject, row.integer(2), static_cast<Stage>(row.integer(3)));
    if (hub || closed || !ordered) continue;
    links.push_back({entities[index], rule.strength, row.integer(1), row.integer(2), row.integer(4),
                     row.integer(6) != 0});
  }
  return links;
}

// Of weak links only those stay that point to an alert by the same person in the same place, or by
// two signs of the person; and of these the one that tells more.
void drop_lonely_links(std::vector<Link>& links) {
  struct Signs {
    int places = 0;
    int persons = 0;
  };
  std::map<int64_t, Signs> signs;
  for (const Link& link : links) {
    signs[link.alert_id].places += link.strength == Strength::kPlace ? 1 : 0;
    signs[link.alert_id].persons += link.strength == Strength::kPerson ? 1 : 0;
  }
  std::erase_if(links, [&signs](const Link& link) {
    if (link.strength == Strength::kStrong) return false;
    const Signs& of = signs[link.alert_id];
    return of.persons == 0 || of.persons + of.places < 2;
  });
}

// One round's work on one connection.
class Worker {
 public:
  Worker(sql::Connection& connection, Round& round) : connection_(connection), round_(round) {}

  Status take(const Subject& subject, WorkStatus status, const std::string& entities_json) {
    if (status == WorkStatus::kSuppressed || subject.stage == Stage::kNone) return {};
    const std::vector<Entity> entities = linking_entities(subject, entities_json);
    auto found = find_links(connection_, subject, entities);
    if (!found.ok()) return tl::unexpected<Error>(found.error());
    std::vector<Link>& links = *found;
    drop_lonely_links(links);
    if (Status dropped = drop_other_persons(entities, links); !dropped.ok()) return dropped;
    // The strongest and newest link is the reason that is told; ties are broken by ids, so that the
    // same alerts always give the same incidents.
    std::stable_sort(links.begin(), links.end(), [](const Link& a, const Link& b) {
      if (a.strength != b.strength) return a.strength > b.strength;
      if (a.time_ms != b.time_ms) return a.time_ms > b.time_ms;
      return a.alert_id > b.alert_id;
    });
    if (const Status placed = place(subject, links); !placed.ok()) return placed;
    return remember(subject, entities);
  }

 private:
  // An address joins nobody who is named with someone who is named otherwise.
  Status drop_other_persons(const std::vector<Entity>& entities, std::vector<Link>& links) {
    std::set<int64_t> weak;
    for (const Link& link : links) {
      if (link.strength != Strength::kStrong) weak.insert(link.alert_id);
    }
    const auto others = alerts_of_others(connection_, entities, weak);
    if (!others.ok()) return tl::unexpected<Error>(others.error());
    std::erase_if(links, [&others](const Link& link) {
      return link.strength != Strength::kStrong && others->contains(link.alert_id);
    });
    return {};
  }

  Status place(const Subject& subject, const std::vector<Link>& links) {
    if (links.empty()) {
      // A serious alert is a story by itself; a lesser one waits for another that shares something.
      if (subject.severity < Severity::kHigh) return {};
      const auto created = create_incident(connection_, subject, "first");
      if (!created.ok()) return tl::unexpected<Error>(created.error());
      round_.created.insert(*created);
      return {};
    }
    const auto target = target_of(links);
    if (!target.ok()) return tl::unexpected<Error>(target.error());
    const Link& reason = links.front();
    store::Membership why;
    why.rule = reason.strength == Strength::kStrong ? "entity" : "chain";
    why.entity = reason.entity;
    why.linked_id = reason.alert_id;
    if (const Status joined = join_incident(connection_, *target, subject, why); !joined.ok()) {
      return joined;
    }
    round_.updated.insert(*target);
    return pull_in(subject, links, *target);
  }

  // The incident to join: the oldest that a link of the best strength leads to. Others that a
  // strong entity leads to are merged into it, unless a person put either where it is.
  Result<int64_t> target_of(const std::vector<Link>& links) {
    const Strength best = links.front().strength;
    std::map<int64_t, bool> incidents;  // id, pinned
    for (const Link& link : links) {
      if (link.incident_id != 0 && link.strength == best) {
        incidents.emplace(link.incident_id, link.pinned);
      }
    }
    if (incidents.empty()) return begin_with(links.front());
    const auto [target, pinned] = *incidents.begin();
    // Of pinned ones, the newest link decides alone.
    if (links.front().pinned) return links.front().incident_id;
    for (const auto& [id, other_pinned] : incidents) {
      if (best != Strength::kStrong || id == target || pinned || other_pinned) continue;
      if (const Status merged = merge_incidents(connection_, target, id, ""); !merged.ok()) {
        return tl::unexpected<Error>(merged.error());
      }
      round_.updated.erase(id);
      round_.created.erase(id);
      round_.merged.insert(id);
      round_.updated.insert(target);
    }
    return target;
  }

  Result<int64_t> begin_with(const Link& link) {
    const auto rows = connection_.query(
        fmt::format("SELECT {} FROM alerts a WHERE a.id = $1", kSubjectColumns), {link.alert_id});
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    if (rows->empty()) return fail("an alert vanished during correlation");
    const auto created = create_incident(connection_, read_subject(rows->front()), "first");
    if (created.ok()) round_.created.insert(*created);
    return created;
  }

  // Earlier alerts in no incident that share a strong entity belong here too.
  Status pull_in(const Subject& subject, const std::vector<Link>& links, int64_t target) {
    size_t pulled = 0;
    for (const Link& link : links) {
      if (link.strength != Strength::kStrong || link.incident_id != 0) continue;
      if (++pulled > kMaxPulledIn) break;
      const auto rows =
          connection_.query(fmt::format("SELECT {} FROM alerts a WHERE a.id = $1 AND NOT EXISTS "
                                        "(SELECT 1 FROM incident_alerts m WHERE m.alert_id = a.id)",
                                        kSubjectColumns),
                            {link.alert_id});
      if (!rows.ok()) return tl::unexpected<Error>(rows.error());
      if (rows->empty()) continue;
      store::Membership why;
      why.rule = "entity";
      why.entity = link.entity;
      why.linked_id = subject.id;
      if (const Status joined =
              join_incident(connection_, target, read_subject(rows->front()), why);
          !joined.ok()) {
        return joined;
      }
    }
    return {};
  }

  Status remember(const Subject& subject, const std::vector<Entity>& entities) {
    if (entities.empty()) return {};
    std::string statement =
        "INSERT INTO correlation_entities (type, value, time_ms, alert_id, stage) VALUES ";
    std::vector<sql::Param> params;
    for (size_t i = 0; i < entities.size(); ++i) {
      const size_t at = params.size();
      statement += fmt::format("{}(${}, ${}, ${}, ${}, ${})", i ? ", " : "", at + 1, at + 2, at + 3,
                               at + 4, at + 5);
      params.emplace_back(std::string_view(entities[i].type));
      params.emplace_back(std::string_view(entities[i].value));
      params.emplace_back(subject.time_ms);
      params.emplace_back(subject.id);
      params.emplace_back(static_cast<int64_t>(subject.stage));
    }
    const auto added =
        connection_.execute(statement + " ON CONFLICT DO NOTHING", sql::Params(params));
    if (!added.ok()) return tl::unexpected<Error>(added.error());
    return {};
  }

  sql::Connection& connection_;
  Round& round_;
};

// The last alert taken; the row is locked until the transaction ends. nullopt: another replica
// holds it.
Result<std::optional<int64_t>> lock_position(sql::Connection& connection) {
  std::string statement = "SELECT last_alert_id FROM correlation_state WHERE only_row = 1";
  if (connection.dialect() == sql::Dialect::kPostgres) statement += " FOR UPDATE SKIP LOCKED";
  const auto rows = connection.query(statement);
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<int64_t>();
  return std::optional(rows->front().integer(0));
}

}  // namespace

Result<Round> Correlator::run_once(size_t limit) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  const auto position = lock_position(connection);
  if (!position.ok()) return tl::unexpected<Error>(position.error());
  Round round;
  if (!*position) return round;
  const auto rows = connection.query(
      fmt::format("SELECT {}, a.status, a.entities FROM alerts a WHERE a.id > $1 ORDER BY a.id "
                  "LIMIT $2",
                  kSubjectColumns),
      {**position, static_cast<int64_t>(limit)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return round;
  Worker worker(connection, round);
  for (const sql::Row& row : *rows) {
    const Status taken =
        worker.take(read_subject(row), static_cast<WorkStatus>(row.integer(7)), row.text(8));
    if (!taken.ok()) return tl::unexpected<Error>(taken.error());
  }
  round.alerts = rows->size();
  const auto moved =
      connection.execute("UPDATE correlation_state SET last_alert_id = $1 WHERE only_row = 1",
                         {rows->back().integer(0)});
  if (!moved.ok()) return tl::unexpected<Error>(moved.error());
  for (const int64_t id : round.created) round.updated.erase(id);
  std::vector<int64_t> changed(round.created.begin(), round.created.end());
  changed.insert(changed.end(), round.updated.begin(), round.updated.end());
  changed.insert(changed.end(), round.merged.begin(), round.merged.end());
  if (const Status noted = store::note_changes(connection, changed); !noted.ok()) {
    return tl::unexpected<Error>(noted.error());
  }
  if (const Status committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return round;
}

Result<std::optional<store::Incident>> Correlator::merge(int64_t incident_id,
                                                         const std::vector<int64_t>& from) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  std::vector<int64_t> all = from;
  all.push_back(incident_id);
  for (const int64_t id : all) {
    const auto known = load_incident(connection, id);
    if (!known.ok() || !*known) return known;
  }
  for (const int64_t id : std::set<int64_t>(from.begin(), from.end())) {
    if (id == incident_id) continue;
    if (const Status merged = merge_incidents(connection, incident_id, id, "merged");
        !merged.ok()) {
      return tl::unexpected<Error>(merged.error());
    }
  }
  const auto pinned =
      connection.execute("UPDATE incidents SET pinned = 1 WHERE id = $1", {incident_id});
  if (!pinned.ok()) return tl::unexpected<Error>(pinned.error());
  if (const Status noted = store::note_changes(connection, all); !noted.ok()) {
    return tl::unexpected<Error>(noted.error());
  }
  auto result = load_incident(connection, incident_id);
  if (const Status committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return result;
}

Result<std::optional<store::Incident>> Correlator::split(
    int64_t incident_id, const std::vector<std::string>& alert_uids) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  std::optional<int64_t> created;
  for (const std::string& uid : std::set<std::string>(alert_uids.begin(), alert_uids.end())) {
    const auto rows = connection.query(
        fmt::format("SELECT {} FROM alerts a JOIN incident_alerts m ON m.alert_id = a.id "
                    "WHERE a.uid = $1 AND m.incident_id = $2",
                    kSubjectColumns),
        {std::string_view(uid), incident_id});
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    if (rows->empty()) return std::optional<store::Incident>();
    const Subject subject = read_subject(rows->front());
    const auto removed =
        connection.execute("DELETE FROM incident_alerts WHERE alert_id = $1", {subject.id});
    if (!removed.ok()) return tl::unexpected<Error>(removed.error());
    Status placed;
    if (created) {
      store::Membership why;
      why.rule = "split";
      placed = join_incident(connection, *created, subject, why);
    } else {
      const auto made = create_incident(connection, subject, "split");
      if (!made.ok()) return tl::unexpected<Error>(made.error());
      created = *made;
    }
    if (!placed.ok()) return tl::unexpected<Error>(placed.error());
  }
  const auto left = connection.query("SELECT 1 FROM incident_alerts WHERE incident_id = $1 LIMIT 1",
                                     {incident_id});
  if (!left.ok()) return tl::unexpected<Error>(left.error());
  if (!created || left->empty()) return std::optional<store::Incident>();
  const auto pinned = connection.execute("UPDATE incidents SET pinned = 1 WHERE id IN ($1, $2)",
                                         {incident_id, *created});
  if (!pinned.ok()) return tl::unexpected<Error>(pinned.error());
  if (const Status summed = sum_up(connection, incident_id); !summed.ok()) {
    return tl::unexpected<Error>(summed.error());
  }
  if (const Status noted = store::note_changes(connection, {incident_id, *created}); !noted.ok()) {
    return tl::unexpected<Error>(noted.error());
  }
  auto result = load_incident(connection, *created);
  if (const Status committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return result;
}

Result<int64_t> Correlator::forget_before(int64_t time_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  return (*lease)->execute("DELETE FROM correlation_entities WHERE time_ms < $1", {time_ms});
}

}  // namespace sonde::incident
