// The counts of the first page, from the hourly table: its cost does not grow with the alerts.
#include <map>

#include "collector/api/handlers.h"
#include "collector/api/query.h"
#include "collector/api/render.h"
#include "collector/store/alert_counts.h"

namespace sonde::api {
namespace {

constexpr int64_t kDayMs = 24 * store::kHourMs;
constexpr int64_t kMaxTimeMs = 253402300799999;
constexpr size_t kTop = 10;
constexpr size_t kAll = 200;

struct Period {
  int64_t since = 0;
  int64_t until = 0;
  int64_t bucket() const { return until - since <= 7 * kDayMs ? store::kHourMs : kDayMs; }
};

Json count_list(const std::vector<store::NamedCount>& counts) {
  Json list = Json::array();
  for (const auto& [name, amount] : counts) list.push_back({{"key", name}, {"count", amount}});
  return list;
}

Json bucket_list(const std::vector<store::HourCount>& hours, const Period& period) {
  const int64_t width = period.bucket();
  std::map<int64_t, Json> buckets;
  for (int64_t time = period.since / width * width; time < period.until; time += width) {
    buckets.emplace(time, Json::object());
  }
  for (const store::HourCount& hour : hours) {
    Json& amounts = buckets.try_emplace(hour.hour_ms / width * width, Json::object()).first->second;
    const auto found = amounts.find(hour.name);
    amounts[hour.name] = hour.amount + (found == amounts.end() ? 0 : found->get<int64_t>());
  }
  Json list = Json::array();
  for (auto& [time, amounts] : buckets) {
    list.push_back({{"time", time}, {"by_severity", std::move(amounts)}});
  }
  return list;
}

Json agent_counts(const std::vector<store::Agent>& agents, int64_t now_ms, int64_t stale_ms) {
  int64_t healthy = 0;
  int64_t stale = 0;
  for (const store::Agent& agent : agents) {
    if (agent.revoked_ms || agent.last_seen_ms == 0) continue;
    ++(now_ms - agent.last_seen_ms > stale_ms ? stale : healthy);
  }
  return {{"healthy", healthy}, {"stale", stale}};
}

}  // namespace

Response overview(Context& context, const Request& request, const Caller&, const PathValues&) {
  QueryReader query(request);
  const int64_t now = context.now_ms();
  Period period;
  period.until = query.integer("until", 0, kMaxTimeMs).value_or(now);
  period.since =
      query.integer("since", 0, kMaxTimeMs).value_or(std::max<int64_t>(0, period.until - kDayMs));
  if (auto refused = query.refused()) return *refused;
  if (period.since >= period.until || period.until - period.since > 90 * kDayMs) {
    return problem(400, "since must be before until, by at most 90 days");
  }
  const auto open_incidents = context.incidents.open_count();
  if (!open_incidents.ok()) return store_failed(context, open_incidents.error());
  Json json = {{"since", period.since},
               {"until", period.until},
               {"bucket_ms", period.bucket()},
               {"open_incidents", *open_incidents}};
  struct Part {
    const char* key;
    const char* dimension;
    size_t limit;
  };
  for (const Part& part :
       {Part{"by_severity", "severity", kAll}, Part{"by_alert", "alert", kAll},
        Part{"by_status", "status", kAll}, Part{"top_applications", "application", kTop},
        Part{"top_models", "model", kTop}, Part{"top_hosts", "host", kTop}}) {
    const auto counts =
        store::count_by(context.pool, part.dimension, period.since, period.until, part.limit);
    if (!counts.ok()) return store_failed(context, counts.error());
    json[part.key] = count_list(*counts);
  }
  int64_t total = 0;
  for (const Json& severity : json["by_severity"]) total += severity["count"].get<int64_t>();
  json["total"] = total;
  const auto hours = store::severity_by_hour(context.pool, period.since, period.until);
  if (!hours.ok()) return store_failed(context, hours.error());
  json["buckets"] = bucket_list(*hours, period);
  const auto agents = context.fleet.agents();
  if (!agents.ok()) return store_failed(context, agents.error());
  json["agents"] = agent_counts(*agents, now, context.config.limits.agent_stale_ms);
  return json_response(json);
}

}  // namespace sonde::api
