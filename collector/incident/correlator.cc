#include "collector/incident/correlator.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "collector/incident/entity_index.h"
#include "collector/incident/links.h"
#include "collector/incident/persons.h"
#include "collector/store/key.h"

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
  Standing standing;
};

std::vector<LinkingEntity> linking_entities(const Subject& subject,
                                            const std::string& entities_json) {
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
  std::vector<LinkingEntity> linking;
  linking.reserve(entities.size());
  for (Entity& entity : entities) {
    const LinkRule rule = link_rule(entity.type);
    const int64_t key = store::entity_key(entity.type, entity.value);
    linking.push_back({std::move(entity), rule, key});
  }
  return linking;
}

Arrival read_arrival(const sql::Row& row) {
  Arrival arrival;
  arrival.subject = read_subject(row);
  arrival.status = static_cast<WorkStatus>(row.integer(7));
  // What is suppressed or no attack links nothing, and nothing to it.
  if (arrival.status == WorkStatus::kSuppressed || arrival.subject.stage == Stage::kNone) {
    return arrival;
  }
  arrival.entities = linking_entities(arrival.subject, row.text(8));
  return arrival;
}

// Whether `other` and the subject follow the kill chain in time.
bool in_order(const Subject& subject, const Sharer& other) {
  if (other.time_ms <= subject.time_ms) return other.stage < subject.stage;
  return subject.stage < other.stage;
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

// The strongest and newest link is the reason that is told; ties are broken by ids, so that the
// same alerts always give the same incidents.
void sort_links(std::vector<Link>& links) {
  std::stable_sort(links.begin(), links.end(), [](const Link& a, const Link& b) {
    if (a.strength != b.strength) return a.strength > b.strength;
    if (a.time_ms != b.time_ms) return a.time_ms > b.time_ms;
    return a.alert_id > b.alert_id;
  });
}

// Alerts by id, for those that an incident begins with or takes in later.
class Subjects {
 public:
  explicit Subjects(sql::Connection& connection) : connection_(connection) {}

  void know(const Subject& subject) { known_[subject.id] = subject; }
  Status load(const std::vector<int64_t>& ids) {
    if (ids.empty()) return {};
    const std::string list = sql::id_list(connection_.dialect(), ids);
    const auto rows =
        connection_.query(fmt::format("SELECT {} FROM alerts a WHERE {}", kSubjectColumns,
                                      sql::one_of(connection_.dialect(), "a.id", 1)),
                          {std::string_view(list)});
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    for (const int64_t id : ids) known_.try_emplace(id, std::nullopt);
    for (const sql::Row& row : *rows) know(read_subject(row));
    return {};
  }
  // nullopt: retention took it.
  Result<std::optional<Subject>> find(int64_t id) {
    if (!known_.contains(id)) {
      if (const Status loaded = load({id}); !loaded.ok()) {
        return tl::unexpected<Error>(loaded.error());
      }
    }
    return known_.at(id);
  }

 private:
  sql::Connection& connection_;
  std::unordered_map<int64_t, std::optional<Subject>> known_;
};

// One round's work on one connection.
class Worker {
 public:
  explicit Worker(sql::Connection& connection)
      : connection_(connection), index_(connection), book_(connection), subjects_(connection) {}

  Result<Round> take_all(const std::vector<Arrival>& arrivals) {
    if (const Status loaded = load(arrivals); !loaded.ok()) {
      return tl::unexpected<Error>(loaded.error());
    }
    for (size_t i = 0; i < arrivals.size(); ++i) {
      const Subject& subject = arrivals[i].subject;
      if (arrivals[i].status == WorkStatus::kSuppressed || subject.stage == Stage::kNone) continue;
      std::vector<Link> links = find_links(arrivals[i], i);
      if (const Status dropped = drop_other_persons(arrivals[i], links); !dropped.ok()) {
        return tl::unexpected<Error>(dropped.error());
      }
      if (const Status placed = place(subject, std::move(links)); !placed.ok()) {
        return tl::unexpected<Error>(placed.error());
      }
      index_.remember(arrivals[i]);
    }
    if (const Status written = index_.write(); !written.ok()) {
      return tl::unexpected<Error>(written.error());
    }
    return book_.write();
  }

 private:
  // All that the round will look at, in a few statements.
  Status load(const std::vector<Arrival>& arrivals) {
    if (const Status found = index_.load(arrivals); !found.ok()) return found;
    std::set<int64_t> sharers;
    std::set<int64_t> strong;
    for (size_t i = 0; i < arrivals.size(); ++i) {
      for (size_t j = 0; j < arrivals[i].entities.size(); ++j) {
        for (const Sharer& sharer : index_.stored(i)[j]) {
          sharers.insert(sharer.alert_id);
          if (arrivals[i].entities[j].rule.strength == Strength::kStrong) {
            strong.insert(sharer.alert_id);
          }
        }
      }
    }
    if (const Status loaded = book_.load({sharers.begin(), sharers.end()}); !loaded.ok()) {
      return loaded;
    }
    std::erase_if(strong, [this](int64_t id) { return book_.standing(id).incident_id != 0; });
    if (const Status loaded = subjects_.load({strong.begin(), strong.end()}); !loaded.ok()) {
      return loaded;
    }
    for (const Arrival& arrival : arrivals) subjects_.know(arrival.subject);
    return {};
  }

  std::vector<Link> find_links(const Arrival& arrival, size_t index) const {
    std::vector<Link> links;
    for (size_t j = 0; j < arrival.entities.size(); ++j) {
      const LinkingEntity& linking = arrival.entities[j];
      const std::vector<Sharer> sharers = index_.sharers(arrival, index, j);
      const int64_t most = linking.rule.most_sharers;
      if (most != 0 && static_cast<int64_t>(sharers.size()) > most) continue;  // a hub
      for (const Sharer& sharer : sharers) {
        const bool strong = linking.rule.strength == Strength::kStrong;
        if (!strong && !in_order(arrival.subject, sharer)) continue;
        const Standing standing = book_.standing(sharer.alert_id);
        // A closed story is not opened again by what comes later.
        if (standing.closed) continue;
        links.push_back(
            {linking.entity, linking.rule.strength, sharer.alert_id, sharer.time_ms, standing});
      }
    }
    drop_lonely_links(links);
    sort_links(links);
    return links;
  }

  // An address joins nobody who is named with someone who is named otherwise.
  Status drop_other_persons(const Arrival& arrival, std::vector<Link>& links) {
    std::set<int64_t> weak;
    for (const Link& link : links) {
      if (link.strength != Strength::kStrong) weak.insert(link.alert_id);
    }
    std::vector<Entity> own;
    for (const LinkingEntity& linking : arrival.entities) own.push_back(linking.entity);
    const auto others = alerts_of_others(connection_, own, weak);
    if (!others.ok()) return tl::unexpected<Error>(others.error());
    std::erase_if(links, [&others](const Link& link) {
      return link.strength != Strength::kStrong && others->contains(link.alert_id);
    });
    return {};
  }

  Status place(const Subject& subject, std::vector<Link> links) {
    int64_t target = 0;
    while (!links.empty() && target == 0) {
      const auto found = target_of(links);
      if (!found.ok()) return tl::unexpected<Error>(found.error());
      target = *found;
      if (target != 0) break;
      const int64_t gone = links.front().alert_id;
      std::erase_if(links, [gone](const Link& link) { return link.alert_id == gone; });
    }
    if (links.empty()) {
      // A serious alert is a story by itself; a lesser one waits for another that shares something.
      if (subject.severity >= Severity::kHigh) book_.create(subject);
      return {};
    }
    const Link& reason = links.front();
    store::Membership why;
    why.rule = reason.strength == Strength::kStrong ? "entity" : "chain";
    why.entity = reason.entity;
    why.linked_id = reason.alert_id;
    book_.join(target, subject, why);
    return pull_in(subject, links, target);
  }

  // The incident to join: of those that a link of the best strength leads to, the one of the most
  // alerts (so that a merge moves few), the oldest of equals. Others that a strong entity leads to
  // are merged into it, unless a person put either where it is. 0: there is none, and the alert to
  // begin one with is gone.
  Result<int64_t> target_of(const std::vector<Link>& links) {
    const Strength best = links.front().strength;
    std::map<int64_t, Standing> incidents;
    for (const Link& link : links) {
      if (link.standing.incident_id != 0 && link.strength == best) {
        incidents.emplace(link.standing.incident_id, link.standing);
      }
    }
    if (incidents.empty()) return begin_with(links.front());
    // Of pinned ones, the newest link decides alone.
    if (links.front().standing.pinned) return links.front().standing.incident_id;
    const Standing target =
        std::max_element(incidents.begin(), incidents.end(), [](const auto& a, const auto& b) {
          return a.second.alert_count < b.second.alert_count;
        })->second;
    for (const auto& [id, other] : incidents) {
      if (best != Strength::kStrong || id == target.incident_id || target.pinned || other.pinned) {
        continue;
      }
      book_.merge(target.incident_id, id);
    }
    return target.incident_id;
  }

  Result<int64_t> begin_with(const Link& link) {
    const auto subject = subjects_.find(link.alert_id);
    if (!subject.ok()) return tl::unexpected<Error>(subject.error());
    return *subject ? book_.create(**subject) : 0;
  }

  // Earlier alerts in no incident that share a strong entity belong here too.
  Status pull_in(const Subject& subject, const std::vector<Link>& links, int64_t target) {
    size_t pulled = 0;
    for (const Link& link : links) {
      if (link.strength != Strength::kStrong || link.standing.incident_id != 0) continue;
      if (++pulled > kMaxPulledIn) break;
      // It may have come in by another link already.
      if (book_.standing(link.alert_id).incident_id != 0) continue;
      const auto other = subjects_.find(link.alert_id);
      if (!other.ok()) return tl::unexpected<Error>(other.error());
      if (!*other) continue;
      store::Membership why;
      why.rule = "entity";
      why.entity = link.entity;
      why.linked_id = subject.id;
      book_.join(target, **other, why);
    }
    return {};
  }

  sql::Connection& connection_;
  EntityIndex index_;
  IncidentBook book_;
  Subjects subjects_;
};

// The last alert taken; the row is locked until the transaction ends. nullopt: another replica
// holds it.
Result<std::optional<int64_t>> lock_position(sql::Connection& connection) {
  std::string statement = "SELECT last_alert_id FROM correlation_state WHERE only_row = 1";
  if (connection.dialect() == sql::Dialect::kPostgres) {
    statement += " FOR UPDATE SKIP LOCKED";
    // A plan made while the tables were small would read them whole for ever.
    if (const Status set = connection.script("SET LOCAL enable_seqscan = off"); !set.ok()) {
      return tl::unexpected<Error>(set.error());
    }
  }
  const auto rows = connection.query(statement);
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<int64_t>();
  return std::optional(rows->front().integer(0));
}

Result<std::vector<Arrival>> next_arrivals(sql::Connection& connection, int64_t after,
                                           size_t limit) {
  const auto rows = connection.query(
      fmt::format("SELECT {}, a.status, a.entities FROM alerts a WHERE a.id > $1 ORDER BY a.id "
                  "LIMIT $2",
                  kSubjectColumns),
      {after, static_cast<int64_t>(limit)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<Arrival> arrivals;
  arrivals.reserve(rows->size());
  for (const sql::Row& row : *rows) arrivals.push_back(read_arrival(row));
  return arrivals;
}

std::vector<int64_t> changed_in(const Round& round) {
  std::vector<int64_t> changed(round.created.begin(), round.created.end());
  changed.insert(changed.end(), round.updated.begin(), round.updated.end());
  changed.insert(changed.end(), round.merged.begin(), round.merged.end());
  return changed;
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
  if (!*position) return Round{};
  const auto arrivals = next_arrivals(connection, **position, limit);
  if (!arrivals.ok()) return tl::unexpected<Error>(arrivals.error());
  if (arrivals->empty()) return Round{};
  auto round = Worker(connection).take_all(*arrivals);
  if (!round.ok()) return round;
  round->alerts = arrivals->size();
  const auto moved =
      connection.execute("UPDATE correlation_state SET last_alert_id = $1 WHERE only_row = 1",
                         {arrivals->back().subject.id});
  if (!moved.ok()) return tl::unexpected<Error>(moved.error());
  if (const Status noted = store::note_changes(connection, changed_in(*round)); !noted.ok()) {
    return tl::unexpected<Error>(noted.error());
  }
  if (const Status committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  return round;
}

Result<int64_t> Correlator::forget_before(int64_t time_ms, int64_t limit) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  // A bucket ends at most the longest window after it began.
  const int64_t before = time_ms - kLongestWindowMs;
  const auto last = (*lease)->query(
      "SELECT bucket_ms, entity FROM correlation_entities WHERE bucket_ms < $1 "
      "ORDER BY bucket_ms, entity, time_ms, alert_id LIMIT 1 OFFSET $2",
      {before, limit});
  if (!last.ok()) return tl::unexpected<Error>(last.error());
  if (last->empty()) {
    return (*lease)->execute("DELETE FROM correlation_entities WHERE bucket_ms < $1", {before});
  }
  return (*lease)->execute("DELETE FROM correlation_entities WHERE (bucket_ms, entity) <= ($1, $2)",
                           {last->front().integer(0), last->front().integer(1)});
}

}  // namespace sonde::incident
