// Which alerts are stored already, by uid: what makes delivery idempotent.
//
// A uid is a hash, so an index by uid alone would touch another page for each alert, and the more
// is stored the more pages there are. Instead the table alert_uids is cut into runs of consecutive
// alert ids: writing touches the newest run only. A look-up must ask every run, so a filter in
// memory first says which uids are certainly new: nearly all.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/sql.h"

namespace sonde::store {

// The run that an alert's uid is in: 65,536 alerts each, about a megabyte.
inline int64_t uid_run(int64_t alert_id) { return alert_id >> 16; }

// A blocked Bloom filter over all stored uids. It belongs to one writer; it is no state of its own:
// what it does not know yet it reads from the store, whoever wrote it.
class UidFilter {
 public:
  // Around a transaction that no other writer of alerts runs beside: before it, and after its
  // commit with the newest id that is stored now.
  void begin() { pending_id_ = newest_id_; }
  void committed(int64_t newest_id);

  // Inside it: reads what others stored since, and is told of what this writer stores.
  Status catch_up(sql::Connection& connection);
  void stored(int64_t newest_id) { pending_id_ = newest_id; }

  bool may_know(int64_t key) const;
  void add(int64_t key);

 private:
  using Block = std::array<uint64_t, 8>;  // a cache line
  static constexpr size_t kKeysPerBlock = 32;

  void grow(size_t keys);

  std::vector<Block> blocks_;
  size_t keys_ = 0;
  int64_t newest_id_ = 0;   // committed, and known
  int64_t pending_id_ = 0;  // of this transaction
};

// Of alerts with these keys (key_of() their uid), the uids that are stored. `filter` saves the
// question for most of them.
Result<std::set<std::string, std::less<>>> stored_uids(sql::Connection& connection,
                                                       const std::vector<int64_t>& keys,
                                                       const UidFilter* filter);

// Notes alerts that are stored now.
Status note_uids(sql::Connection& connection, const std::vector<int64_t>& ids,
                 const std::vector<int64_t>& keys);

// The alert with this uid.
Result<std::optional<int64_t>> id_of_uid(sql::Connection& connection, std::string_view uid);

// Forgets an alert that retention removed.
Status forget_uid(sql::Connection& connection, int64_t id, std::string_view uid);

}  // namespace sonde::store
