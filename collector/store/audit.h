// Who did and saw what. Rows are only ever added; retention removes old ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/pool.h"

namespace sonde::store {

struct AuditEntry {
  int64_t id = 0;
  int64_t time_ms = 0;
  std::string actor;   // "user:ada", "token:7 ci", "agent:web-1", "local:0" (command line, uid)
  std::string action;  // "alert.read", "session.open"...
  std::string object;  // uid of what it was done to
  std::string detail;
  std::string source;  // address of the caller
};

class AuditStore {
 public:
  explicit AuditStore(Pool& pool) : pool_(pool) {}
  // The id of `entry` is ignored.
  Status add(const AuditEntry& entry);
  // Newest first; empty texts do not filter; `before_id` is the cursor. `actor` is one as above, or
  // a user's name alone.
  Result<std::vector<AuditEntry>> list(std::string_view actor, std::string_view object,
                                       std::optional<int64_t> before_id, size_t limit) const;
  Result<int64_t> remove_before(int64_t before_ms);

 private:
  Pool& pool_;
};

}  // namespace sonde::store
