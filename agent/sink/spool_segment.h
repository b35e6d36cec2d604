// One append-only file of the spool: entries of one lane with rising sequence numbers.
#pragma once

#include <memory>
#include <string>

#include "agent/base/counters.h"
#include "agent/base/result.h"
#include "agent/sink/file.h"
#include "agent/sink/spool_format.h"

namespace sonde::sink {

struct SpoolSegment {
  // Shared with a sync that runs while the segment is dropped.
  std::shared_ptr<File> file;
  size_t lane = 0;
  uint64_t size = 0;            // bytes, up to the end of the last whole entry
  uint64_t first_sequence = 0;  // of the header
  uint64_t last_sequence = 0;   // 0: no entry yet
  uint64_t waiting = 0;         // entries that are not yet delivered

  uint64_t next_offset = kSegmentHeaderBytes;  // of the first entry that is not delivered
};

std::string segment_path(const std::string& directory, size_t lane, uint64_t first_sequence);

Result<SpoolSegment> create_segment(const std::string& directory, size_t lane,
                                    uint64_t first_sequence);

// What stands in a file that an earlier run wrote. Entries up to `delivered` do not wait any more.
// A torn tail is cut off and counted, as is each damaged place. A file that a crash tore before its
// header was whole has size 0; a foreign one is an error.
Result<SpoolSegment> recover_segment(const std::string& path, const Cursor& delivered,
                                     Counters& counters);

}  // namespace sonde::sink
