#include "collector/app/correlation.h"

#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

#include "collector/api/incident_render.h"

namespace sonde::collector {
namespace {

// What other replicas stored wakes nobody here.
constexpr std::chrono::milliseconds kInterval{1000};
// One transaction's worth: short enough that delivery never waits long behind it.
constexpr size_t kAlertsPerRound = 1000;
constexpr std::chrono::milliseconds kPauseWhileBusy{250};

}  // namespace

Correlation::Correlation(store::Pool& pool, api::EventHub& events, std::function<bool()> busy)
    : correlator_(pool), incidents_(pool), events_(events), busy_(std::move(busy)), thread_([this] {
        run();
      }) {}

Correlation::~Correlation() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Correlation::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

bool Correlation::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kInterval, [this] { return woken_ || stopping_; });
  woken_ = false;
  return !stopping_;
}

void Correlation::run() {
  while (wait()) take_all();
}

void Correlation::take_all() {
  for (;;) {
    const auto round = correlator_.run_once(kAlertsPerRound);
    if (!round.ok()) {
      spdlog::warn("correlation failed, trying again in a second: {}", round.error().message);
      return;
    }
    publish("incident.created", round->created);
    publish("incident.updated", round->updated);
    if (round->alerts < kAlertsPerRound) return;
    if (stopped_within(busy_() ? kPauseWhileBusy : std::chrono::milliseconds(0))) return;
  }
}

bool Correlation::stopped_within(std::chrono::milliseconds pause) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, pause, [this] { return stopping_; });
}

void Correlation::publish(const char* name, const std::set<int64_t>& ids) {
  if (!events_.has_listeners()) return;
  for (const int64_t id : ids) {
    const auto incident = incidents_.get(id);
    const auto digest = incidents_.digest(id);
    if (!incident.ok() || !*incident || !digest.ok()) continue;
    events_.publish(name, api::dump(api::to_json(**incident, *digest)));
  }
}

}  // namespace sonde::collector
