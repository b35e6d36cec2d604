#include "collector/app/follower.h"

#include <chrono>

#include "collector/api/render.h"

namespace sonde::collector {
namespace {

// Other replicas do not wake this one.
constexpr std::chrono::milliseconds kInterval{500};
constexpr size_t kPage = 200;
// A view that must catch up with more than this reloads its list instead.
constexpr size_t kPagesPerRound = 5;

}  // namespace

Follower::Follower(store::Pool& pool, api::EventHub& events)
    : alerts_(pool), events_(events), thread_([this] { run(); }) {}

Follower::~Follower() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Follower::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

bool Follower::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kInterval, [this] { return woken_ || stopping_; });
  woken_ = false;
  return !stopping_;
}

void Follower::run() {
  while (wait()) {
    if (events_.has_listeners()) {
      publish_new();
    } else if (const auto newest = alerts_.last_id(); newest.ok()) {
      last_id_ = *newest;  // what arrives after a listener came is news to it, at once
    }
  }
}

void Follower::publish_new() {
  if (last_id_ < 0) {
    const auto newest = alerts_.last_id();
    if (newest.ok()) last_id_ = *newest;
    return;
  }
  for (size_t page = 0; page < kPagesPerRound; ++page) {
    const auto arrived = alerts_.arrived_after(last_id_, kPage);
    if (!arrived.ok() || arrived->empty()) return;
    for (const store::Alert& alert : *arrived) {
      events_.publish("alert.created", api::dump(api::to_event(alert)));
    }
    last_id_ = arrived->back().id;
    if (arrived->size() < kPage) return;
  }
}

}  // namespace sonde::collector
