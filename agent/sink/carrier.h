// Takes a batch of records out of a spool to where they go. Each has one SpooledSink in front of
// it, which keeps the place and tries again.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "agent/sink/record.h"

namespace sonde::sink {

struct Carried {
  enum class Verdict : uint8_t {
    kDelivered,  // all of it has been answered for
    kTryAgain,   // time may heal what is wrong
    kRefused,    // it will never be taken as it is: smaller batches find the record
  };
  Verdict verdict = Verdict::kDelivered;
  std::string trouble;             // what is wrong, without any content; "" when delivered
  std::chrono::seconds wait{0};    // asked for by the other side
  uint64_t refused = 0;            // of a delivered batch: records that were left out
  std::vector<size_t> refused_at;  // their indexes, as far as they are named
};

class Carrier {
 public:
  virtual ~Carrier() = default;
  // One thread at a time. Blocks until the other side has answered, as far as its protocol can.
  virtual Carried carry(std::span<const Record> records) = 0;
  // Any thread: a carry() under way, and all later ones, end soon with kTryAgain.
  virtual void cancel() = 0;
};

}  // namespace sonde::sink
