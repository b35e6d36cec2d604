// Alerts by id, for those that an incident begins with or takes in later: each is read once a
// round.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "collector/incident/membership.h"

namespace sonde::incident {

class Subjects {
 public:
  explicit Subjects(store::sql::Connection& connection) : connection_(connection) {}

  void know(const Subject& subject) { known_[subject.id] = subject; }
  Status load(const std::vector<int64_t>& ids);
  // nullopt: retention took it.
  Result<std::optional<Subject>> find(int64_t id);

 private:
  store::sql::Connection& connection_;
  std::unordered_map<int64_t, std::optional<Subject>> known_;
};

}  // namespace sonde::incident
