#include "collector/incident/entity_index.h"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>

#include <fmt/format.h>

namespace sonde::incident {
namespace {

namespace sql = store::sql;

constexpr auto kColumns = std::to_array<sql::Column>({
    {"bucket_ms", sql::Type::kInteger},
    {"entity", sql::Type::kInteger},
    {"time_ms", sql::Type::kInteger},
    {"alert_id", sql::Type::kInteger},
    {"stage", sql::Type::kInteger},
});

// One more than says something, where more say nothing.
int64_t most_of(const LinkRule& rule) {
  return rule.most_sharers == 0 ? kNewestSharers : rule.most_sharers + 1;
}

bool newer(const Sharer& one, const Sharer& other) {
  return std::tie(one.time_ms, one.alert_id) > std::tie(other.time_ms, other.alert_id);
}

}  // namespace

Status EntityIndex::load(const std::vector<Arrival>& arrivals) {
  found_.assign(arrivals.size(), {});
  std::vector<Probe> probes;
  for (size_t i = 0; i < arrivals.size(); ++i) {
    found_[i].resize(arrivals[i].entities.size());
    for (size_t j = 0; j < arrivals[i].entities.size(); ++j) {
      const LinkRule& rule = arrivals[i].entities[j].rule;
      const int64_t time = arrivals[i].subject.time_ms;
      // The newest bucket first.
      for (const int64_t at : {time + rule.window_ms, time, time - rule.window_ms}) {
        if (at < 0) continue;
        probes.push_back({i, j, bucket_of(at, rule), time - rule.window_ms, time + rule.window_ms,
                          most_of(rule)});
      }
    }
  }
  return connection_.dialect() == sql::Dialect::kSqlite ? load_each(arrivals, probes)
                                                        : load_together(arrivals, probes);
}

// In the order of the probes: what an older bucket has beyond the limit is left out.
void EntityIndex::add(const Probe& probe, int64_t time_ms, int64_t alert_id, int64_t stage) {
  std::vector<Sharer>& list = found_[probe.arrival][probe.entity];
  if (static_cast<int64_t>(list.size()) >= probe.most) return;
  list.push_back({time_ms, alert_id, static_cast<Stage>(stage)});
}

Status EntityIndex::load_each(const std::vector<Arrival>& arrivals,
                              const std::vector<Probe>& probes) {
  for (const Probe& probe : probes) {
    const auto known = static_cast<int64_t>(found_[probe.arrival][probe.entity].size());
    if (known >= probe.most) continue;
    const auto rows = connection_.query(
        "SELECT time_ms, alert_id, stage FROM correlation_entities WHERE bucket_ms = $1 AND "
        "entity = $2 AND time_ms >= $3 AND time_ms <= $4 ORDER BY time_ms DESC, alert_id DESC "
        "LIMIT $5",
        {probe.bucket_ms, arrivals[probe.arrival].entities[probe.entity].key, probe.from_ms,
         probe.until_ms, probe.most - known});
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    for (const sql::Row& row : *rows) add(probe, row.integer(0), row.integer(1), row.integer(2));
  }
  return {};
}

// One round trip for all.
Status EntityIndex::load_together(const std::vector<Arrival>& arrivals,
                                  const std::vector<Probe>& probes) {
  std::array<std::vector<int64_t>, 5> columns;
  for (const Probe& probe : probes) {
    columns[0].push_back(probe.bucket_ms);
    columns[1].push_back(arrivals[probe.arrival].entities[probe.entity].key);
    columns[2].push_back(probe.from_ms);
    columns[3].push_back(probe.until_ms);
    columns[4].push_back(probe.most);
  }
  std::array<std::string, 5> lists;
  std::vector<sql::Param> params;
  for (size_t i = 0; i < columns.size(); ++i) {
    lists[i] = sql::id_list(sql::Dialect::kPostgres, columns[i]);
    params.emplace_back(std::string_view(lists[i]));
  }
  const auto rows = connection_.query(
      "SELECT q.n, s.time_ms, s.alert_id, s.stage FROM unnest($1::bigint[], $2::bigint[], "
      "$3::bigint[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS q(bucket_ms, entity, from_ms, "
      "until_ms, most, n) CROSS JOIN LATERAL (SELECT c.time_ms, c.alert_id, c.stage FROM "
      "correlation_entities c WHERE c.bucket_ms = q.bucket_ms AND c.entity = q.entity AND "
      "c.time_ms >= q.from_ms AND c.time_ms <= q.until_ms "
      "ORDER BY c.time_ms DESC, c.alert_id DESC LIMIT q.most) s "
      "ORDER BY q.n, s.time_ms DESC, s.alert_id DESC",
      sql::Params(params));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  for (const sql::Row& row : *rows) {
    add(probes[static_cast<size_t>(row.integer(0) - 1)], row.integer(1), row.integer(2),
        row.integer(3));
  }
  return {};
}

std::vector<Sharer> EntityIndex::sharers(const Arrival& arrival, size_t index,
                                         size_t entity) const {
  std::vector<Sharer> list = found_[index][entity];
  const LinkingEntity& linking = arrival.entities[entity];
  const auto fresh = fresh_.find(linking.key);
  if (fresh == fresh_.end()) return list;
  const int64_t time = arrival.subject.time_ms;
  for (const Sharer& sharer : fresh->second) {
    const bool near = sharer.time_ms >= time - linking.rule.window_ms &&
                      sharer.time_ms <= time + linking.rule.window_ms;
    if (near) list.push_back(sharer);
  }
  const auto most = static_cast<size_t>(most_of(linking.rule));
  const auto end = list.begin() + static_cast<std::ptrdiff_t>(std::min(most, list.size()));
  std::partial_sort(list.begin(), end, list.end(), newer);
  list.erase(end, list.end());
  return list;
}

void EntityIndex::remember(const Arrival& arrival) {
  const Subject& subject = arrival.subject;
  const Sharer self{subject.time_ms, subject.id, subject.stage};
  for (const LinkingEntity& linking : arrival.entities) {
    fresh_[linking.key].push_back(self);
    entries_.push_back({bucket_of(subject.time_ms, linking.rule), linking.key, self});
  }
}

Status EntityIndex::write() {
  if (entries_.empty()) return {};
  // In the order of the key: neighbours share a page.
  std::sort(entries_.begin(), entries_.end(), [](const Entry& one, const Entry& other) {
    return std::tie(one.bucket_ms, one.key, one.sharer.time_ms, one.sharer.alert_id) <
           std::tie(other.bucket_ms, other.key, other.sharer.time_ms, other.sharer.alert_id);
  });
  std::vector<sql::Param> cells;
  cells.reserve(entries_.size() * kColumns.size());
  for (const Entry& entry : entries_) {
    cells.emplace_back(entry.bucket_ms);
    cells.emplace_back(entry.key);
    cells.emplace_back(entry.sharer.time_ms);
    cells.emplace_back(entry.sharer.alert_id);
    cells.emplace_back(static_cast<int64_t>(entry.sharer.stage));
  }
  entries_.clear();
  return connection_.append_many({"correlation_entities", kColumns}, cells);
}

}  // namespace sonde::incident
