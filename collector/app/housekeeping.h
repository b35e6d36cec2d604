// Retention: removes what is older than configured, a little at a time.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "collector/api/metrics.h"
#include "collector/app/config.h"
#include "collector/store/pool.h"

namespace sonde::collector {

// Owns one thread.
class Housekeeping {
 public:
  Housekeeping(store::Pool& pool, const Config& config, api::Metrics& metrics);
  ~Housekeeping();
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

 private:
  void run();
  void clean(int64_t now_ms);
  bool stopped_within(int64_t milliseconds);

  store::Pool& pool_;
  const Config config_;
  api::Metrics& metrics_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sonde::collector
