// Runs the correlator whenever alerts have arrived, and tells live views what became of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "collector/api/events.h"
#include "collector/incident/correlator.h"
#include "collector/store/incidents.h"

namespace sonde::collector {

// Owns one thread. wake() may be called from any.
class Correlation {
 public:
  // While `busy` answers true, rounds come with pauses between them: delivery goes first, and a
  // flood is correlated when it ebbs.
  Correlation(store::Pool& pool, api::EventHub& events, std::function<bool()> busy);
  ~Correlation();
  Correlation(const Correlation&) = delete;
  Correlation& operator=(const Correlation&) = delete;

  void wake();

 private:
  void run();
  bool wait();
  void take_all();
  bool stopped_within(std::chrono::milliseconds pause);
  void publish(const char* name, const std::set<int64_t>& ids);

  incident::Correlator correlator_;
  store::IncidentStore incidents_;
  api::EventHub& events_;
  const std::function<bool()> busy_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = true;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sonde::collector
