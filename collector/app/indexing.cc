#include "collector/app/indexing.h"

#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

namespace sonde::collector {
namespace {

constexpr int64_t kIntervalMs = 1000;
// Short enough that delivery never waits long behind it.
constexpr int64_t kAlertsPerRound = 4000;
constexpr int64_t kPauseMs = 1;

}  // namespace

Indexing::Indexing(store::Pool& pool, std::function<bool()> busy)
    : index_(pool), busy_(std::move(busy)), thread_([this] { run(); }) {}

Indexing::~Indexing() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Indexing::stopped_within(int64_t milliseconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(milliseconds),
                           [this] { return stopping_; });
}

void Indexing::run() {
  while (!stopped_within(kIntervalMs)) take_all();
}

void Indexing::take_all() {
  while (!busy_()) {
    const auto taken = index_.advance(kAlertsPerRound);
    if (!taken.ok()) {
      spdlog::warn("the search index is behind, trying again in a second: {}",
                   taken.error().message);
      return;
    }
    if (*taken < kAlertsPerRound || stopped_within(kPauseMs)) return;
  }
}

}  // namespace sonde::collector
