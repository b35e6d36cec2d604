// Takes records out of the kernel's ring buffer, on a thread of its own that never blocks on
// others.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/result.h"

namespace sonde::capture {

class RingReader {
 public:
  // One raw record, borrowed for the call; its size is that of the header, not of the reservation.
  // Sealed records are opened (record_opener.h) and half connections joined (half_joiner.h).
  using RecordSink = std::function<void(Bytes)>;

  static Result<std::unique_ptr<RingReader>> start(int ring_fd, Counters& counters,
                                                   RecordSink sink);
  // Drains what is in the ring, then stops.
  ~RingReader();
  RingReader(const RingReader&) = delete;
  RingReader& operator=(const RingReader&) = delete;

 private:
  struct Impl;
  explicit RingReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::jthread thread_;
};

}  // namespace sonde::capture
