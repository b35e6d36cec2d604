// What has left the pipeline and not yet arrived: a bounded queue on disk that survives SIGKILL and
// power loss.
//
// Invariants: append() answers only after what it kept is durable. An entry that was delivered and
// acknowledged comes back only if the machine stopped before the cursor was durable: at least once.
// The files never hold more than max_bytes; the oldest of the lowest severity make room, counted.
// Thread-safe: any number of threads append (they share one fdatasync), one takes and acknowledges.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/result.h"
#include "agent/sink/record.h"
#include "agent/sink/spool_segment.h"

namespace sonde::sink {

struct SpoolConfig {
  std::string directory;  // private to the agent; its parent must exist
  uint64_t max_bytes = uint64_t{256} << 20;
};

class Spool {
 public:
  // Recovers what an earlier run left. Fails where another process has the directory.
  static Result<std::unique_ptr<Spool>> open(const SpoolConfig& config, Counters& counters);

  // All of `records` in one go. Those for which there is no room, because all that is stored
  // matters more, are dropped and counted; so are those that could not be written (disk full), and
  // then the error is returned.
  Status append(std::span<const Record> records);

  // The place of a record, to acknowledge it by.
  struct Mark {
    size_t lane = 0;
    uint64_t sequence = 0;
    uint64_t end_offset = 0;  // in its segment
  };
  struct Batch {
    std::vector<Record> records;
    std::vector<Mark> marks;  // one for each
  };
  // What is to be delivered next: highest severity first, oldest first in each. The same again
  // until it is acknowledged. Holds at least one record if any waits.
  Result<Batch> take(size_t max_records, size_t max_bytes);

  // Marks of the last batch, in its order, from its front; durable when this returns.
  Status acknowledge(std::span<const Mark> marks);

  // Waits until a record waits, wake() is called, or the time is over. True: a record waits.
  bool wait(std::chrono::milliseconds timeout);
  void wake();

  uint64_t waiting() const;     // records
  uint64_t disk_bytes() const;  // of all segments

 private:
  struct Lane {
    std::deque<SpoolSegment> segments;  // oldest first; the last one is appended to
    uint64_t next_sequence = 1;
    uint64_t delivered = 0;
  };

  Spool(const SpoolConfig& config, File directory, File lock, Counters& counters);
  Status recover();
  Status recover_file(const std::string& path, const Cursor& delivered);
  bool make_room(size_t lane, uint64_t bytes);
  void drop_front(Lane& lane);
  Status write(const Record& record);
  Result<SpoolSegment*> writable_segment(Lane& lane, size_t index);
  Status sync(std::unique_lock<std::mutex>& lock);
  struct TakeLimits {
    size_t records;
    size_t bytes;
  };
  static size_t decode(std::string_view text, const SpoolSegment& segment, const TakeLimits& limits,
                       Batch& batch, size_t& bytes);
  Status take_from(SpoolSegment& segment, const TakeLimits& limits, Batch& batch, size_t& bytes);
  void remove_delivered();

  const SpoolConfig config_;
  const uint64_t segment_bytes_;
  File directory_;
  File lock_;  // held while the process lives
  Counters& counters_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Lane, kLanes> lanes_;
  uint64_t disk_bytes_ = 0;
  uint64_t waiting_ = 0;
  bool woken_ = false;
  // Group commit: whoever comes first syncs what all have written by then.
  uint64_t written_ticket_ = 0;
  uint64_t synced_ticket_ = 0;
  bool syncing_ = false;
  bool directory_dirty_ = false;
  std::vector<std::shared_ptr<File>> dirty_;
  // Tickets that the last sync that failed stood for.
  struct Failed {
    uint64_t first = 1;
    uint64_t last = 0;
    Error error;
  } failed_;
};

}  // namespace sonde::sink
