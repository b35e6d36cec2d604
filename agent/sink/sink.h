// Where records go. Each sink has an outbox (outbox.h) with a thread of its own, so that one that
// is slow holds up no other.
#pragma once

#include <chrono>
#include <span>
#include <string_view>

#include "agent/base/result.h"
#include "agent/sink/record.h"

namespace sonde::sink {

class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::string_view name() const = 0;
  // One thread at a time. May block. An error stands for the whole call; the records are gone then.
  virtual Status write(std::span<const Record> records) = 0;
  // Finishes what is under way, for at most `grace`. No write() comes after it.
  virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace sonde::sink
