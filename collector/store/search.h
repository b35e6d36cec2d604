// The words of alerts, for full-text search. SQLite's index is fed behind the alerts, many at once,
// with a position of its own: so delivery never waits for it. PostgreSQL keeps its own.
#pragma once

#include <vector>

#include "agent/base/result.h"
#include "collector/store/pool.h"

namespace sonde::store {

class SearchIndex {
 public:
  explicit SearchIndex(Pool& pool) : pool_(pool) {}

  // Takes in the next alerts, at most `limit`. Answers how many. PostgreSQL's index holds them
  // already and only sorts them in: 0.
  Result<int64_t> advance(int64_t limit);
  // How many alerts search does not find yet, at most.
  Result<int64_t> behind() const;
  // advance() to the newest alert, if that is soon done.
  Status catch_up();

 private:
  Pool& pool_;
};

// Before alerts go: the index wants the text of what it forgets. Inside the caller's transaction.
Status forget_words(sql::Connection& connection, const std::vector<int64_t>& alert_ids);

}  // namespace sonde::store
