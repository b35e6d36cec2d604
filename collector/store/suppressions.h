// Rules that keep alerts quiet on arrival: what matches is stored, marked suppressed, and joins no
// incident.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/alert.h"
#include "collector/store/pool.h"

namespace sonde::store {

// Empty fields match anything; at least one beside `alert` must be set.
struct Suppression {
  int64_t id = 0;
  std::string alert;
  std::string host;
  std::string application;
  std::string entity_type;
  std::string entity_value;
  std::string reason;
  std::string author;
  int64_t created_ms = 0;
  std::optional<int64_t> expires_ms;
  int64_t matched = 0;
};

bool matches(const Suppression& rule, const NewAlert& alert);

class SuppressionStore {
 public:
  explicit SuppressionStore(Pool& pool) : pool_(pool) {}

  // Marks what matches, inside the caller's transaction, before the alerts are appended.
  static Status apply(sql::Connection& connection, std::span<NewAlert> alerts, int64_t now_ms);

  Result<Suppression> add(Suppression rule);
  Result<std::vector<Suppression>> list() const;
  Result<bool> remove(int64_t id);

 private:
  Pool& pool_;
};

}  // namespace sonde::store
