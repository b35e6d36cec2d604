// PostgreSQL keeps alerts in partitions by arrival, so that retention drops whole ones instead of
// deleting alert by alert (docs/adr/0001-retention.md). In SQLite there is one; nothing here does
// anything then.
#pragma once

#include "agent/base/result.h"
#include "collector/store/pool.h"

namespace sonde::store {

// Each partition has ids of its own: its number stands in the upper half.
inline constexpr int kPartitionBits = 32;

class AlertPartitions {
 public:
  explicit AlertPartitions(Pool& pool) : pool_(pool) {}

  // Begins a new partition when the first alert of the newest one arrived `span_ms` ago. Answers
  // whether it did.
  Result<bool> rotate(int64_t now_ms, int64_t span_ms);
  // Removes the oldest partition with all that hangs on its alerts, if it is not the newest and all
  // of them are older than `before_ms`. Answers whether it did.
  Result<bool> drop_oldest(int64_t before_ms);

 private:
  Pool& pool_;
};

}  // namespace sonde::store
