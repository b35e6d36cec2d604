// One remote judge: its queue, its thread, what it said before.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "agent/app/remote/judge_pace.h"
#include "agent/app/remote/remote_judges.h"
#include "agent/detect/lru_map.h"

namespace sonde::app {

class JudgeWorker {
 public:
  // `findings` is borrowed.
  JudgeWorker(config::RemoteJudge config, std::string secret, std::string key,
              JudgeTransport transport, RemoteFindings& findings);
  ~JudgeWorker();

  const config::RemoteJudge& config() const { return config_; }
  // Whether the judge is to be asked about it. Any thread, as all that follows.
  bool wants(const detect::ReviewCandidate& candidate) const;
  void offer(const detect::ReviewCandidate& candidate,
             const std::shared_ptr<const llm::Exchange>& exchange);
  RemoteJudges::State state() const;
  uint64_t count(JudgeCount what) const { return counts_[static_cast<size_t>(what)].load(); }

  static constexpr size_t kQueue = 256;
  static constexpr size_t kQueueBytes = size_t{4} << 20;
  static constexpr size_t kRemembered = 4096;
  static constexpr std::chrono::minutes kPatience{5};  // a verdict that comes later helps nobody

 private:
  using Time = JudgePace::Time;

  struct Job {
    RemoteFinding found;  // if it is an attack
    JudgeQuestion question;
    size_t characters = 0;
    std::string key;  // under which the verdict is remembered
    bool confirms = false;
    Time expires;
  };

  void run(const std::stop_token& stop);
  bool next(const std::stop_token& stop, Job& job);
  void ask(Job&& job);
  void settle(Job& job, const JudgeVerdict& verdict);
  void put_back(Job&& job, const std::string& trouble,
                std::optional<std::chrono::seconds> retry_after);
  void note_trouble(const std::string& trouble, std::optional<std::chrono::seconds> retry_after);
  void note_answer();
  void drop_expired(Time now);
  void add(JudgeCount what) { ++counts_[static_cast<size_t>(what)]; }
  std::string key_of(const JudgeQuestion& question) const;

  const config::RemoteJudge config_;
  const std::string url_;
  const std::vector<std::string> headers_;
  const std::string key_;
  const JudgeTransport transport_;
  RemoteFindings& findings_;
  std::array<std::atomic<uint64_t>, kJudgeCounts> counts_{};

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::deque<Job> queue_;
  size_t queued_bytes_ = 0;
  JudgePace pace_;
  detect::LruMap<JudgeVerdict> known_{kRemembered};
  std::string trouble_;

  std::jthread thread_;  // last: uses all of the above
};

}  // namespace sonde::app
