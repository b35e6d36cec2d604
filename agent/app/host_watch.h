// What a live host shows besides its exchanges: services open to the network, and model files that
// AI processes have open. Findings go to the judge like those of exchanges.
//
// note() is called on the pipeline's thread, sweep() on the main thread.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/app/exposure.h"
#include "agent/app/model_files.h"
#include "agent/base/time.h"
#include "agent/detect/finding.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

class HostWatch {
 public:
  using Found = std::function<void(detect::Finding&&, const llm::Exchange&)>;

  // An exchange was heard: who spoke is watched from now on. Answers what it shows of the service,
  // and hands out what sweeps have found since.
  void note(const llm::Exchange& exchange, const Found& found);
  // Looks at the files of the processes that speak to models; every kInterval at most.
  void sweep(std::chrono::steady_clock::time_point now, WallTime wall);
  // Hands out what sweeps have found.
  void drain(const Found& found);

 private:
  static constexpr size_t kProcesses = 256;
  static constexpr std::chrono::seconds kInterval{5};
  struct Pending {
    detect::Finding finding;
    llm::Exchange about;
  };

  ExposureWatch exposure_;  // of the pipeline's thread
  ModelFileWatch files_;    // of the main thread, like the next one
  std::chrono::steady_clock::time_point next_;
  std::mutex mutex_;               // guards what follows
  std::deque<uint32_t> speakers_;  // newest last, each once
  std::vector<Pending> pending_;
};

}  // namespace sonde::app
