// Carries what is usual for each application over a restart: the pipeline's thread writes it down
// as text now and then, the main thread writes the text to disk.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "agent/app/judge.h"
#include "agent/base/result.h"

namespace sonde::app {

class BaselineKeeper {
 public:
  explicit BaselineKeeper(const std::string& state_directory)
      : path_(state_directory + "/baselines.jsonl") {}

  // Before the pipeline's thread starts. A file that is not there yet is no error.
  Status load(Judge& judge) const;
  // On the pipeline's thread, as often as it likes: takes a copy every kInterval.
  void offer(const Judge& judge, std::chrono::steady_clock::time_point now);
  // Takes a copy now: once the pipeline's thread has ended.
  void take(const Judge& judge);
  // Writes the newest copy, if there is one.
  Status write();

 private:
  static constexpr std::chrono::minutes kInterval{5};

  const std::string path_;
  std::chrono::steady_clock::time_point next_;  // of the pipeline's thread
  std::mutex mutex_;
  std::string copy_;  // guarded by mutex_; empty: nothing to write
};

}  // namespace sonde::app
