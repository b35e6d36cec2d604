// Finds out in its own thread which container and pod each cgroup is, and says so as a record in
// the event stream. Every cgroup that is noted is answered, also those of no container: who waits
// for an answer need not watch a clock.
//
// Answers are kept. The kubelet is asked when a pod is not known yet, not more than once a second;
// what it could not say is asked again a few times later on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/app/identity/container_finder.h"
#include "agent/app/identity/kubelet_client.h"
#include "agent/app/identity/pod_list.h"
#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/config/config.h"

namespace sonde::app {

struct IdentityOptions {
  std::string host_root = "/";
  config::Kubernetes kubernetes;
};

class IdentityResolver {
 public:
  // Called from the resolver's thread, and from note(), with one whole record.
  using RecordSink = std::function<void(Bytes)>;

  static Result<std::unique_ptr<IdentityResolver>> start(const IdentityOptions& options,
                                                         Counters& counters, RecordSink sink);
  ~IdentityResolver();
  IdentityResolver(const IdentityResolver&) = delete;
  IdentityResolver& operator=(const IdentityResolver&) = delete;

  // Any thread; does not wait. An answer that is known already is given at once.
  void note(const attach::CgroupMembership& membership);
  // Answers what is still asked, without the kubelet, and ends the thread. Idempotent.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  struct Known {
    attach::CgroupMembership membership;
    std::string json;
    Clock::time_point answered;
    int attempts = 0;
    bool complete = false;  // nothing more is to be learnt
  };
  struct Question {
    attach::CgroupMembership membership;
    Identity identity;
  };

  IdentityResolver(const IdentityOptions& options, Counters& counters, RecordSink sink);
  void run(const std::stop_token& stop);
  std::vector<attach::CgroupMembership> next_batch(const std::stop_token& stop);
  void resolve(std::vector<attach::CgroupMembership> batch, const std::stop_token& stop);
  bool asks_kubelet(const Question& question) const;
  void refresh(const std::stop_token& stop);
  void answer(const Question& question, bool complete);

  ContainerFinder finder_;
  std::unique_ptr<KubeletClient> kubelet_;  // null: not asked
  Counters& counters_;
  RecordSink sink_;
  // Of the thread.
  PodList pods_;
  Clock::time_point pods_read_;
  Clock::time_point next_refresh_;
  bool kubelet_failing_ = false;

  std::mutex mutex_;  // guards what follows
  std::condition_variable_any noted_;
  std::deque<attach::CgroupMembership> queue_;
  std::map<std::string, Known> known_;  // by path
  std::jthread thread_;
};

}  // namespace sonde::app
