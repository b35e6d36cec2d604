// One direction of one connection: puts pieces in order of their absolute positions and turns what
// is missing into explicit gaps. Not thread-safe: owned by a connection.
#pragma once

#include <cstdint>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"

namespace sonde::conn {

class Stream {
 public:
  explicit Stream(Counters& counters) : counters_(counters) {}

  // What a piece means for the parser: first `lost` bytes are missing, then come `bytes`, then
  // `lost_after` more are missing.
  struct Advance {
    uint64_t lost = 0;
    Bytes bytes;
    uint64_t lost_after = 0;
  };

  // A piece of `original` bytes at `position`, of which `bytes` were captured. The kernel writes
  // the pieces of one direction in order, so what lies before is a repetition and what lies beyond
  // follows a gap.
  Advance advance(uint64_t position, Bytes bytes, uint64_t original);

  uint64_t position() const { return position_; }
  uint64_t lost_bytes() const { return lost_; }
  // The stream was open before it was heard: its first piece does not begin at 0.
  bool begun() const { return begun_; }

 private:
  Counters& counters_;
  uint64_t position_ = 0;  // of the next byte; never goes back
  uint64_t lost_ = 0;
  bool begun_ = false;
};

}  // namespace sonde::conn
