// Token buckets by key, in bounded memory.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sonde::api {

struct Rate {
  double per_second = 1;
  double burst = 10;
};

// Thread-safe. A key that has recovered its whole burst is forgotten first when the table is full;
// while no such key is left, new keys are refused, so that a flood of keys lifts no limit.
class RateLimiter {
 public:
  RateLimiter(Rate rate, size_t max_keys) : rate_(rate), max_keys_(max_keys) {}

  // Takes one token. Answers 0, or the seconds until there is one again.
  int take(std::string_view key, int64_t now_ms);

 private:
  struct Bucket {
    double tokens;
    int64_t at_ms;
  };
  double refilled(const Bucket& bucket, int64_t now_ms) const;
  void forget_recovered(int64_t now_ms);

  const Rate rate_;
  const size_t max_keys_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace sonde::api
