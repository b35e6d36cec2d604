#include "agent/conn/stream.h"

#include <algorithm>

namespace sonde::conn {

Stream::Advance Stream::advance(uint64_t position, Bytes bytes, uint64_t original) {
  begun_ = true;
  Advance step;
  const uint64_t end = position + std::max<uint64_t>(original, bytes.size());
  if (position < position_) {  // heard already, at least in part
    const uint64_t repeated = std::min<uint64_t>(position_ - position, bytes.size());
    counters_.add(Count::kStreamBytesDuplicate, repeated);
    bytes = bytes.subspan(repeated);
    position += repeated;
  }
  if (end <= position_) return step;
  if (position > position_) step.lost = position - position_;
  step.bytes = bytes;
  step.lost_after = end - std::max(position + bytes.size(), position_);
  position_ = end;
  const uint64_t lost = step.lost + step.lost_after;
  if (lost > 0) {
    counters_.add(Count::kStreamGaps);
    counters_.add(Count::kStreamBytesLost, lost);
    lost_ += lost;
  }
  return step;
}

}  // namespace sonde::conn
