// What lies in a spool, read without its lock: an agent may be writing it meanwhile, so that the
// numbers are of a moment. Nothing is changed.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "agent/base/result.h"
#include "agent/sink/spool_format.h"

namespace sonde::sink {

struct LaneSummary {
  uint64_t segments = 0;   // files
  uint64_t bytes = 0;      // of them
  uint64_t waiting = 0;    // entries that are not yet delivered
  uint64_t delivered = 0;  // entries that are, and still stand in a file
};

struct SpoolSummary {
  std::array<LaneSummary, kLanes> lanes;  // in the order of lane_of()
  uint64_t damaged = 0;                   // places that could not be read, and unreadable files
  uint64_t rejected_bytes = 0;            // of rejected.jsonl: what the collector refused for good

  uint64_t waiting() const;
  uint64_t bytes() const;
};

// "activity", "informational", "low" ... "critical".
std::string_view lane_name(size_t lane);

// `each`, if set, gets every entry that waits, lane by lane, oldest first; the view is valid during
// the call. Fails where the directory cannot be read.
Result<SpoolSummary> summarize_spool(const std::string& directory,
                                     const std::function<void(const EntryView&)>& each = {});

}  // namespace sonde::sink
