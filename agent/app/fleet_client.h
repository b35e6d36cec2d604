// What the agent asks its collector for, beside delivering: the key of the fleet's fingerprints,
// the policy of its group, and a new certificate before the old one expires. One thread, which
// waits most of the time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "agent/app/policy_store.h"
#include "agent/base/result.h"
#include "agent/config/config.h"
#include "agent/sink/collector_client.h"

namespace sonde::app {

class FleetClient {
 public:
  // Nothing is asked where no collector is configured.
  static Result<std::unique_ptr<FleetClient>> start(const config::Config& config);
  ~FleetClient();
  FleetClient(const FleetClient&) = delete;
  FleetClient& operator=(const FleetClient&) = delete;

  // True once for each policy that has arrived and waits in the store, and for another key of
  // fingerprints. Any thread.
  bool take_arrival();
  // Why the latest policy was not even kept, such as a signature of another key; 0 and "": it was.
  // Any thread.
  struct Refusal {
    int64_t version = 0;
    std::string reason;
  };
  Refusal refusal() const;
  // Versions up to this one are not asked for again. Any thread.
  void settle(const std::string& group, int64_t version);

 private:
  FleetClient(const config::Config& config, std::unique_ptr<sink::CollectorClient> client);
  void run();
  void ask_for_key();
  void ask_for_policy();
  void renew_certificate();
  void report(std::string& last, const std::string& trouble, std::string_view what);

  const config::Config config_;
  bool has_asked_for_key_ = false;  // of the thread
  PolicyStore store_;
  const std::unique_ptr<sink::CollectorClient> client_;
  std::string key_trouble_;
  std::string policy_trouble_;
  std::string renewal_trouble_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool arrived_ = false;
  bool key_arrived_ = false;
  Refusal refusal_;
  std::string group_;
  int64_t settled_ = 0;
  std::thread thread_;
};

}  // namespace sonde::app
