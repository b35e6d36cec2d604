// Which earlier alerts share an entity: the memory of correlation.
//
// A round asks for all its alerts at once, and what it remembers itself is written at its end; both
// together answer as if each alert had been taken by itself.
#pragma once

#include <unordered_map>
#include <vector>

#include "collector/incident/links.h"
#include "collector/incident/membership.h"

namespace sonde::incident {

// An entity that may link, with what finding it takes.
struct LinkingEntity {
  store::Entity entity;
  LinkRule rule;
  int64_t key = 0;  // store::entity_key()
};

// An alert of the round.
struct Arrival {
  Subject subject;
  store::WorkStatus status = store::WorkStatus::kNew;
  std::vector<LinkingEntity> entities;
};

struct Sharer {
  int64_t time_ms = 0;
  int64_t alert_id = 0;
  Stage stage = Stage::kNone;
};

class EntityIndex {
 public:
  explicit EntityIndex(store::sql::Connection& connection) : connection_(connection) {}

  // What earlier rounds remember of these alerts' entities: for each at most as many sharers as its
  // rule looks at, the newest first. sharers() is for these arrivals from then on.
  Status load(const std::vector<Arrival>& arrivals);
  const std::vector<std::vector<Sharer>>& stored(size_t arrival) const { return found_[arrival]; }

  // Those of the round included.
  std::vector<Sharer> sharers(const Arrival& arrival, size_t index, size_t entity) const;
  void remember(const Arrival& arrival);
  // Stores what the round remembered.
  Status write();

 private:
  struct Probe {
    size_t arrival = 0;
    size_t entity = 0;
    int64_t bucket_ms = 0;
    int64_t from_ms = 0;
    int64_t until_ms = 0;
    int64_t most = 0;
  };
  struct Entry {
    int64_t bucket_ms = 0;
    int64_t key = 0;
    Sharer sharer;
  };

  Status load_each(const std::vector<Arrival>& arrivals, const std::vector<Probe>& probes);
  Status load_together(const std::vector<Arrival>& arrivals, const std::vector<Probe>& probes);
  void add(const Probe& probe, int64_t time_ms, int64_t alert_id, int64_t stage);

  store::sql::Connection& connection_;
  std::vector<std::vector<std::vector<Sharer>>> found_;  // by arrival and entity
  std::unordered_map<int64_t, std::vector<Sharer>> fresh_;
  std::vector<Entry> entries_;
};

}  // namespace sonde::incident
