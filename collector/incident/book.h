// The incidents that a round touches, in memory: read once, changed as alerts come, written once.
//
// Incidents that the round makes have ids of the book's own, larger than any stored, until write()
// gives them their real ones in the order in which they were made.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "collector/incident/membership.h"

namespace sonde::incident {

struct Round {
  size_t alerts = 0;  // taken; 0: nothing to do, or another replica is at it
  std::set<int64_t> created;
  std::set<int64_t> updated;  // and still there
  std::set<int64_t> merged;   // into one of the others
};

// Where an alert stands.
struct Standing {
  int64_t incident_id = 0;  // 0: in none
  int64_t alert_count = 0;
  bool pinned = false;
  bool closed = false;  // nothing joins it any more
};

class IncidentBook {
 public:
  explicit IncidentBook(store::sql::Connection& connection) : connection_(connection) {}

  // Reads where these alerts stand. standing() is for them, and for alerts of the round.
  Status load(const std::vector<int64_t>& alert_ids);
  Standing standing(int64_t alert_id) const;

  int64_t create(const Subject& subject);
  void join(int64_t incident_id, const Subject& subject, const store::Membership& why);
  void merge(int64_t into, int64_t from);

  // Writes all of it. Answers what was created, updated and merged, by real ids.
  Result<Round> write();

 private:
  struct Entry {
    store::Incident incident;
    bool made = false;        // by this round
    bool touched = false;     // to be written
    bool named_anew = false;  // the title follows from its stages and its first alert
    bool sum_up = false;      // its severity cannot be told from what was merged
    int64_t merged_into = 0;
    std::optional<Subject> first;  // its first alert, where the round made it
    store::DigestChange digest;
  };

  int64_t root(int64_t incident_id) const;
  Status read_incidents(const std::set<int64_t>& ids);
  Status write_made();
  Status write_members();
  Status write_merges();
  Status write_digests();
  Status write_changes();
  int64_t real(int64_t id) const;

  store::sql::Connection& connection_;
  std::map<int64_t, Entry> entries_;  // by id: the oldest first
  std::unordered_map<int64_t, int64_t> incident_of_;
  std::vector<store::Membership> members_;
  std::map<int64_t, int64_t> real_ids_;
};

}  // namespace sonde::incident
