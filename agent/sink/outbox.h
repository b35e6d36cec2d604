// The queue in front of one sink, and the thread that empties it. Pushing never blocks, so that the
// pipeline does not wait for a disk or a terminal; what does not fit is counted.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/base/counters.h"
#include "agent/sink/sink.h"

namespace sonde::sink {

struct OutboxConfig {
  size_t records = 16384;
  size_t bytes = 32 << 20;
};

class Outbox {
 public:
  Outbox(std::unique_ptr<Sink> sink, const OutboxConfig& config, Counters& counters);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Any thread. False: the queue is full or stopped.
  bool push(Record record);

  // Hands over what is queued, then stops the sink, all in about `grace`. Idempotent.
  void stop(std::chrono::milliseconds grace);

  const Sink& sink() const { return *sink_; }

 private:
  void run();
  void write(const std::vector<Record>& records);

  const std::unique_ptr<Sink> sink_;
  const OutboxConfig config_;
  Counters& counters_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Record> queue_;
  size_t queued_bytes_ = 0;
  bool stopping_ = false;
  bool failing_ = false;  // of the thread: log a change, not every failure
  std::thread thread_;
};

}  // namespace sonde::sink
