// Which evidence a caller has been shown a moment ago.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace sonde::api {

// A page that refreshes itself shows the same alerts again: that is the same look, and one entry of
// the audit log. Thread-safe.
class RecentLooks {
 public:
  // False where the same caller has been shown the same within the last ten minutes.
  bool is_new(const std::string& look, int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    // What is forgotten early is written into the log once more, never left out.
    if (looks_.size() >= kMostLooks) looks_.clear();
    const auto [found, added] = looks_.try_emplace(look, now_ms);
    if (!added && now_ms - found->second < kSameLookMs && now_ms >= found->second) return false;
    found->second = now_ms;
    return true;
  }

 private:
  static constexpr int64_t kSameLookMs = 600'000;
  static constexpr size_t kMostLooks = 20'000;
  std::mutex mutex_;
  std::unordered_map<std::string, int64_t> looks_;
};

}  // namespace sonde::api
