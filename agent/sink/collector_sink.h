// Delivers to the collector: records become durable in the spool, and a thread takes them from
// there in batches, for as long as it takes.
//
// At least once on the wire: a batch is acknowledged in the spool only after the collector answered
// for each of its lines. A collector that is away, busy or refuses the agent's credentials is tried
// again, with growing pauses; only what it refuses by content is given up, after bisecting, so that
// one bad record blocks nothing. What is given up is kept in SPOOL/rejected.jsonl, bounded.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "agent/base/counters.h"
#include "agent/sink/sink.h"
#include "agent/sink/spool.h"
#include "agent/sink/transport.h"

namespace sonde::sink {

struct CollectorSinkConfig {
  size_t batch_records = 1000;
  size_t batch_bytes = 2 << 20;
  std::chrono::milliseconds first_pause{500};
  std::chrono::milliseconds longest_pause{60'000};
  std::chrono::seconds longest_retry_after{600};
  std::string rejected_path;  // empty: what is given up is only counted
  uint64_t rejected_bytes = 4 << 20;
};

class CollectorSink final : public Sink {
 public:
  CollectorSink(std::unique_ptr<Spool> spool, std::unique_ptr<Transport> transport,
                const CollectorSinkConfig& config, Counters& counters);
  ~CollectorSink() override;

  std::string_view name() const override { return "collector"; }
  // The records are durable when this returns.
  Status write(std::span<const Record> records) override;
  // Delivers for at most `grace` what the spool holds; the rest waits there for the next start.
  void stop(std::chrono::milliseconds grace) override;

  struct State {
    uint64_t waiting = 0;
    uint64_t spool_bytes = 0;
    std::string trouble;  // why nothing is delivered at present; empty: all is well
  };
  State state() const;

 private:
  enum class Outcome : uint8_t { kDelivered, kRefused, kTryAgain };

  void run();
  bool deliver(const Spool::Batch& batch);
  Outcome send(std::span<const Record> records);
  Outcome judge(const Answer& answer, std::span<const Record> records);
  Outcome read_result(const Answer& answer, std::span<const Record> records);
  void give_up(const Record& record);
  void report(std::string trouble);
  std::chrono::milliseconds next_pause();
  bool pause(std::chrono::milliseconds duration);
  bool stopping() const;

  const std::unique_ptr<Spool> spool_;
  const std::unique_ptr<Transport> transport_;
  const CollectorSinkConfig config_;
  Counters& counters_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool finished_ = false;
  std::string trouble_;

  // Of the delivery thread.
  std::mt19937 random_;
  std::chrono::milliseconds pause_;
  std::chrono::milliseconds asked_pause_{0};
  std::string body_;
  std::thread thread_;
};

}  // namespace sonde::sink
