// Turns what arrives in the store, by this replica or another, into live events: alerts, and signs
// of life of agents.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "collector/api/events.h"
#include "collector/store/alerts.h"
#include "collector/store/fleet.h"

namespace sonde::collector {

// Owns one thread. wake() may be called from any.
class Follower {
 public:
  Follower(store::Pool& pool, api::EventHub& events);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Look now instead of at the next interval.
  void wake();

 private:
  void run();
  bool wait();
  void catch_up();
  void publish_new();
  void publish_agents();

  store::AlertStore alerts_;
  store::FleetStore fleet_;
  api::EventHub& events_;
  // -1: nobody listened, so there is nothing to catch up with.
  int64_t last_id_ = -1;
  std::optional<std::map<std::string, int64_t>> last_seen_;  // of agents; none: as above
  std::chrono::steady_clock::time_point next_look_at_agents_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sonde::collector
