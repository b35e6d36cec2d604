// From the threads that hear to the thread that understands: a bounded queue of raw records.
//
// Producers append to one buffer, the consumer takes the whole buffer at once: no allocation per
// record once both buffers are warm. A record that finds no room is counted, never waited for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"

namespace sonde::capture {

// Thread-safe.
class RecordQueue {
 public:
  RecordQueue(size_t capacity_bytes, Counters& counters)
      : capacity_(capacity_bytes), counters_(counters) {}

  // Copies one record in. False: full, and counted.
  bool push(Bytes record);
  // Swaps what has come into `records` (cleared first); waits at most `wait` when there is nothing.
  // False when the queue is closed and empty.
  bool take(std::vector<std::byte>& records, std::chrono::milliseconds wait);
  void close();

 private:
  const size_t capacity_;
  Counters& counters_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<std::byte> buffer_;  // guarded by mutex_
  bool closed_ = false;            // guarded by mutex_
};

// The first record of a buffer of records, by the size in its header; empty when what is left is no
// whole record.
Bytes first_record(Bytes records);

}  // namespace sonde::capture
