#include "collector/api/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace sonde::api {

double RateLimiter::refilled(const Bucket& bucket, int64_t now_ms) const {
  const double seconds = static_cast<double>(std::max<int64_t>(0, now_ms - bucket.at_ms)) / 1000;
  return std::min(rate_.burst, bucket.tokens + seconds * rate_.per_second);
}

void RateLimiter::forget_recovered(int64_t now_ms) {
  std::erase_if(buckets_,
                [&](const auto& entry) { return refilled(entry.second, now_ms) >= rate_.burst; });
}

int RateLimiter::take(std::string_view key, int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  auto found = buckets_.find(std::string(key));
  if (found == buckets_.end()) {
    if (buckets_.size() >= max_keys_) forget_recovered(now_ms);
    if (buckets_.size() >= max_keys_) return static_cast<int>(std::ceil(1 / rate_.per_second));
    found = buckets_.emplace(std::string(key), Bucket{rate_.burst, now_ms}).first;
  }
  Bucket& bucket = found->second;
  bucket.tokens = refilled(bucket, now_ms);
  bucket.at_ms = now_ms;
  if (bucket.tokens < 1) {
    return std::max(1, static_cast<int>(std::ceil((1 - bucket.tokens) / rate_.per_second)));
  }
  bucket.tokens -= 1;
  return 0;
}

}  // namespace sonde::api
