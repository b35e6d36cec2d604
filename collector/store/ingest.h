// Group commit: requests that arrive together share one transaction and one flush to the disk.
//
// commit() may be called from any thread and blocks until its batch is durable or refused. One
// thread of this class writes. What is waiting is bounded; beyond it commit() answers sql::kBusy at
// once, and the agent keeps its alerts.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/alert.h"
#include "collector/store/envelope.h"
#include "collector/store/pool.h"

namespace sonde::store {

struct Batch {
  std::vector<NewAlert> alerts;
  std::vector<Activity> activities;
  std::vector<Heartbeat> heartbeats;
  int64_t received_ms = 0;

  size_t records() const { return alerts.size() + activities.size() + heartbeats.size(); }
};

struct BatchOutcome {
  size_t accepted = 0;
  size_t duplicates = 0;
};

struct IngestLimits {
  size_t queued_records = 50'000;
  size_t transaction_records = 10'000;
};

class IngestWriter {
 public:
  // `committed` is called after each transaction that stored something new, on the writer's thread.
  IngestWriter(Pool& pool, IngestLimits limits, std::function<void()> committed);
  // Finishes what is queued.
  ~IngestWriter();
  IngestWriter(const IngestWriter&) = delete;
  IngestWriter& operator=(const IngestWriter&) = delete;

  Result<BatchOutcome> commit(Batch batch);
  size_t queued_records() const;

 private:
  struct Waiting {
    Batch batch;
    std::promise<Result<BatchOutcome>> outcome;
  };

  void run();
  std::vector<Waiting> take();
  void write(std::vector<Waiting>& group);
  Result<std::vector<BatchOutcome>> write_together(std::vector<Waiting>& group);

  Pool& pool_;
  const IngestLimits limits_;
  const std::function<void()> committed_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting> queue_;
  size_t queued_records_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sonde::store
