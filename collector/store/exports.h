// How far each export has come, and which replica is at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/alert.h"
#include "collector/store/incidents.h"
#include "collector/store/pool.h"

namespace sonde::store {

// Everything up to here is delivered.
struct ExportPosition {
  int64_t last_alert_id = 0;
  int64_t last_change = 0;  // of incidents
};

struct ExportState {
  std::string name;
  ExportPosition position;
  int64_t sent = 0;
  int64_t refused = 0;  // records that the target will not take, left out
  int64_t last_sent_ms = 0;
  std::string trouble;  // "" while it goes well
};

struct ExportedAlert {
  Alert alert;
  std::string ocsf;
};

struct ChangedIncident {
  Incident incident;
  int64_t change = 0;
};

class ExportStore {
 public:
  explicit ExportStore(Pool& pool) : pool_(pool) {}

  // Takes or keeps the lease of `name` until `until_ms`. nullopt while another owner holds it. An
  // export that is new begins at `start`.
  Result<std::optional<ExportPosition>> hold(std::string_view name, std::string_view owner,
                                             int64_t now_ms, int64_t until_ms,
                                             const ExportPosition& start);
  // False where the lease was lost meanwhile: what was delivered will be delivered again.
  Result<bool> advance(std::string_view name, std::string_view owner,
                       const ExportPosition& position, int64_t sent, int64_t refused,
                       int64_t now_ms);
  Status note_trouble(std::string_view name, std::string_view owner, std::string_view trouble);
  Status release(std::string_view name, std::string_view owner);
  Result<std::vector<ExportState>> list() const;

  // The newest of both, for exports that begin now.
  Result<ExportPosition> newest() const;
  Result<std::vector<ExportedAlert>> alerts_after(int64_t id, size_t limit) const;
  // By number of change; changes of one number come together (see note_changes).
  Result<std::vector<ChangedIncident>> incidents_after(int64_t change, size_t limit) const;

 private:
  Pool& pool_;
};

}  // namespace sonde::store
