// Turns the stream of alerts into incidents: deterministic, incremental, explainable.
//
// Alerts are taken in the order of their ids, each exactly once over all replicas: position and
// result are committed together, under a lock. The work for one alert is bounded by the number of
// its entities and by how many sharers are looked at (links.h), not by what is stored. Incidents
// merge when a strong entity joins them and never come apart again by themselves, so nothing flaps;
// what a person merged or split is pinned and left as it is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/incident/book.h"
#include "collector/store/incidents.h"
#include "collector/store/pool.h"

namespace sonde::incident {

class Correlator {
 public:
  explicit Correlator(store::Pool& pool) : pool_(pool) {}

  // The next alerts, at most `limit`, in one transaction.
  Result<Round> run_once(size_t limit);

  // By hand. Both answer the incident that holds the result; nullopt where something named does not
  // exist. split() needs alerts of `incident_id` that are not all it has.
  Result<std::optional<store::Incident>> merge(int64_t incident_id,
                                               const std::vector<int64_t>& from);
  Result<std::optional<store::Incident>> split(int64_t incident_id,
                                               const std::vector<std::string>& alert_uids);

  // Forgets entities that no window reaches any more, about `limit` of them. Answers how many:
  // fewer than `limit` when none is left.
  Result<int64_t> forget_before(int64_t time_ms, int64_t limit);

 private:
  store::Pool& pool_;
};

}  // namespace sonde::incident
