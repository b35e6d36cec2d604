#include "agent/app/remote/judge_pace.h"

#include <algorithm>

namespace sonde::app {
namespace {

constexpr std::chrono::minutes kMinute{1};
constexpr std::chrono::hours kDay{24};

}  // namespace

JudgePace::Turn JudgePace::ask(Time now, uint64_t characters) {
  if (requests_ == 0 || now >= day_ + kDay) {
    day_ = now;
    requests_ = 0;
    characters_ = 0;
  }
  if (requests_ >= budget_.requests_per_day ||
      characters > budget_.characters_per_day - characters_) {
    return {Answer::kSpent, {}};
  }
  if (now < not_before_) return {Answer::kWait, not_before_};
  while (!sent_.empty() && sent_.front() + kMinute <= now) sent_.pop_front();
  if (sent_.size() >= budget_.requests_per_minute) {
    return {Answer::kWait, sent_.front() + kMinute};
  }
  sent_.push_back(now);
  ++requests_;
  characters_ += characters;
  return {Answer::kGo, {}};
}

void JudgePace::failed(Time now, std::optional<std::chrono::seconds> retry_after) {
  constexpr unsigned kMostDoublings = 16;
  const auto usual = kFirstWait * (1U << std::min(failures_, kMostDoublings));
  ++failures_;
  const auto wait = retry_after ? std::min(*retry_after, kLongestRetryAfter)
                                : std::min<std::chrono::seconds>(usual, kLongestWait);
  not_before_ = now + wait;
}

}  // namespace sonde::app
