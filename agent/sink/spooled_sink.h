// Delivers to another machine: records become durable in a spool, and a thread takes them from
// there in batches, for as long as it takes.
//
// At least once on the wire: a batch is acknowledged in the spool only after the other side
// answered for it. One that is away, busy or refuses the agent's credentials is tried again, with
// growing pauses; only what it refuses by content is given up, after bisecting, so that one bad
// record blocks nothing. What is given up is kept in SPOOL/rejected.jsonl, bounded.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "agent/base/counters.h"
#include "agent/sink/carrier.h"
#include "agent/sink/sink.h"
#include "agent/sink/spool.h"

namespace sonde::sink {

struct SpooledSinkConfig {
  std::string name = "collector";
  bool alerts_only = false;  // no activity records, no heartbeats
  detect::Severity min_severity = detect::Severity::kInformational;  // of alerts
  size_t batch_records = 1000;
  size_t batch_bytes = 2 << 20;
  std::chrono::milliseconds first_pause{500};
  std::chrono::milliseconds longest_pause{60'000};
  std::chrono::seconds longest_retry_after{600};
  std::string rejected_path;  // empty: what is given up is only counted
  uint64_t rejected_bytes = 4 << 20;
};

class SpooledSink final : public Sink {
 public:
  SpooledSink(std::unique_ptr<Spool> spool, std::unique_ptr<Carrier> carrier,
              const SpooledSinkConfig& config, Counters& counters);
  ~SpooledSink() override;

  std::string_view name() const override { return config_.name; }
  // The records are durable when this returns.
  Status write(std::span<const Record> records) override;
  // Delivers for at most `grace` what the spool holds; the rest waits there for the next start.
  void stop(std::chrono::milliseconds grace) override;

  struct State {
    uint64_t waiting = 0;
    uint64_t spool_bytes = 0;
    uint64_t delivered = 0;  // since the start
    uint64_t retries = 0;
    uint64_t refused = 0;
    std::string trouble;  // why nothing is delivered at present; empty: all is well
  };
  State state() const;

 private:
  using Verdict = Carried::Verdict;

  void run();
  bool deliver(const Spool::Batch& batch);
  Verdict send(std::span<const Record> records);
  void give_up(const Record& record);
  void count(Count counter, std::atomic<uint64_t>& own, uint64_t amount = 1);
  void report(std::string trouble);
  std::chrono::milliseconds next_pause();
  bool pause(std::chrono::milliseconds duration);
  bool stopping() const;
  bool wanted(const Record& record) const;

  const std::unique_ptr<Spool> spool_;
  const std::unique_ptr<Carrier> carrier_;
  const SpooledSinkConfig config_;
  Counters& counters_;
  std::atomic<uint64_t> delivered_{0};
  std::atomic<uint64_t> retries_{0};
  std::atomic<uint64_t> refused_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool finished_ = false;
  std::string trouble_;

  // Of the delivery thread.
  std::mt19937 random_;
  std::chrono::milliseconds pause_;
  std::chrono::milliseconds asked_pause_{0};
  std::thread thread_;
};

}  // namespace sonde::sink
