// How many alerts of which kind, host and application an incident holds: kept beside it as alerts
// come in, so that a list of incidents never counts their alerts.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/sql.h"

namespace sonde::store {

// What a list shows of the alerts inside.
struct IncidentDigest {
  std::map<std::string, int64_t> alerts_by_type;
  std::vector<std::string> hosts;  // those of the most alerts first, as applications
  std::vector<std::string> applications;
};

// What came in, of one incident or of two that became one.
class DigestChange {
 public:
  void add(std::string_view alert, std::string_view host, std::string_view application);
  void add(const DigestChange& other);
  bool empty() const { return amounts_.empty(); }
  // How many hosts it adds alerts of.
  size_t hosts() const;
  // Inside the caller's transaction.
  Status write(sql::Connection& connection, int64_t incident_id) const;
  // The same for an incident that has no digest yet: appends cells of kDigestColumns, which borrow
  // from this object.
  void append_cells(int64_t incident_id, std::vector<sql::Param>& cells) const;

 private:
  void add(std::string_view dimension, std::string_view name, int64_t amount);
  std::map<std::pair<std::string_view, std::string>, int64_t> amounts_;  // (dimension, name)
};

Status append_digests(sql::Connection& connection, const std::vector<sql::Param>& cells);

// Those of `from` become those of `into`.
Status merge_digests(sql::Connection& connection, int64_t into, int64_t from);

// Counts the alerts of an incident anew; for changes by hand.
Status rebuild_digest(sql::Connection& connection, int64_t incident_id);

Result<IncidentDigest> read_digest(sql::Connection& connection, int64_t incident_id);

}  // namespace sonde::store
