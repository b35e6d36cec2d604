#include "collector/store/append.h"

#include <array>
#include <unordered_set>

#include "collector/store/alert_counts.h"
#include "collector/store/key.h"
#include "collector/store/packed.h"
#include "collector/store/text.h"

namespace sonde::store {
namespace {

using sql::Column;
using sql::Type;

constexpr auto kInsertColumns = std::to_array<Column>({
    {"uid", Type::kText},
    {"time_ms", Type::kInteger},
    {"received_ms", Type::kInteger},
    {"alert", Type::kText},
    {"title", Type::kText},
    {"severity", Type::kInteger},
    {"status", Type::kInteger},
    {"host", Type::kText},
    {"agent_id", Type::kText},
    {"application", Type::kText},
    {"provider", Type::kText},
    {"model", Type::kText},
    {"zone", Type::kText},
    {"score", Type::kReal},
    {"evidence_preview", Type::kText},
    {"search_text", Type::kText},
    {"entities", Type::kText},
    {"ocsf", Type::kText},
});

// `made` keeps the texts that are made here.
std::vector<sql::Param> cells_of(const std::vector<const NewAlert*>& alerts, int64_t now_ms,
                                 bool packed, std::vector<std::string>& made) {
  made.reserve(3 * alerts.size());  // never moved: the cells point into them
  std::vector<sql::Param> cells;
  cells.reserve(alerts.size() * kInsertColumns.size());
  auto text = [&cells](const std::string& value) { cells.emplace_back(std::string_view(value)); };
  for (const NewAlert* stored : alerts) {
    const NewAlert& alert = *stored;
    text(alert.uid);
    cells.emplace_back(alert.time_ms);
    cells.emplace_back(now_ms);
    text(alert.alert);
    text(alert.title);
    cells.emplace_back(static_cast<int64_t>(alert.severity));
    cells.emplace_back(static_cast<int64_t>(alert.status));
    text(alert.host);
    text(alert.agent_id);
    text(alert.application);
    text(alert.provider);
    text(alert.model);
    text(alert.zone);
    cells.emplace_back(alert.score);
    text(alert.evidence_preview);
    text(made.emplace_back(words_of(alert.search_text)));
    text(made.emplace_back(entities_to_json(alert.entities)));
    text(packed ? made.emplace_back(pack(alert.ocsf)) : alert.ocsf);
  }
  return cells;
}

// Others that append wait until this transaction ends.
Status take_turns(sql::Connection& connection) {
  if (connection.dialect() != sql::Dialect::kPostgres) return {};
  const auto locked = connection.query("SELECT pg_advisory_xact_lock(495789269094)");
  if (!locked.ok()) return tl::unexpected<Error>(locked.error());
  // A plan made while the tables were small would read them whole for ever.
  return connection.script("SET LOCAL enable_seqscan = off");
}

// The alerts that are neither stored nor further up in the batch, with their keys.
struct Fresh {
  std::vector<size_t> places;
  std::vector<const NewAlert*> alerts;
  std::vector<int64_t> keys;
};

Result<Fresh> find_fresh(sql::Connection& connection, std::span<const NewAlert> alerts,
                         UidFilter* filter) {
  if (filter != nullptr) {
    if (const Status known = filter->catch_up(connection); !known.ok()) {
      return tl::unexpected<Error>(known.error());
    }
  }
  std::vector<int64_t> keys;
  keys.reserve(alerts.size());
  for (const NewAlert& alert : alerts) keys.push_back(key_of(alert.uid));
  auto stored = stored_uids(connection, keys, filter);
  if (!stored.ok()) return tl::unexpected<Error>(stored.error());
  std::unordered_set<std::string_view> seen;
  Fresh fresh;
  for (size_t i = 0; i < alerts.size(); ++i) {
    if (stored->contains(alerts[i].uid) || !seen.insert(alerts[i].uid).second) continue;
    fresh.places.push_back(i);
    fresh.alerts.push_back(&alerts[i]);
    fresh.keys.push_back(keys[i]);
    if (filter != nullptr) filter->add(keys[i]);
  }
  return fresh;
}

Status count(sql::Connection& connection, const std::vector<const NewAlert*>& alerts) {
  CountChanges counts;
  for (const NewAlert* alert : alerts) {
    counts.add(alert->time_ms, alert->alert, alert->severity, alert->status, alert->application,
               alert->model, alert->host, 1);
  }
  return counts.write(connection);
}

}  // namespace

Result<AppendOutcome> append_alerts(sql::Connection& connection, std::span<const NewAlert> alerts,
                                    int64_t now_ms, UidFilter* filter) {
  AppendOutcome outcome;
  outcome.ids.resize(alerts.size(), 0);
  if (alerts.empty()) return outcome;
  if (const Status turn = take_turns(connection); !turn.ok()) {
    return tl::unexpected<Error>(turn.error());
  }
  const auto fresh = find_fresh(connection, alerts, filter);
  if (!fresh.ok()) return tl::unexpected<Error>(fresh.error());
  std::vector<std::string> made;
  const bool packed = connection.dialect() == sql::Dialect::kSqlite;
  const std::vector<sql::Param> cells = cells_of(fresh->alerts, now_ms, packed, made);
  const auto ids = connection.insert_many({"alerts", kInsertColumns}, cells);
  if (!ids.ok()) return tl::unexpected<Error>(ids.error());
  if (const Status noted = note_uids(connection, *ids, fresh->keys); !noted.ok()) {
    return tl::unexpected<Error>(noted.error());
  }
  if (const Status counted = count(connection, fresh->alerts); !counted.ok()) {
    return tl::unexpected<Error>(counted.error());
  }
  if (filter != nullptr && !ids->empty()) filter->stored(ids->back());
  for (size_t i = 0; i < ids->size(); ++i) outcome.ids[fresh->places[i]] = (*ids)[i];
  return outcome;
}

}  // namespace sonde::store
