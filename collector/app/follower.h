// Turns alerts that arrive in the store, from this replica or another, into live events.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "collector/api/events.h"
#include "collector/store/alerts.h"

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
  void publish_new();

  store::AlertStore alerts_;
  api::EventHub& events_;
  // -1: nobody listened, so there is nothing to catch up with.
  int64_t last_id_ = -1;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sonde::collector
