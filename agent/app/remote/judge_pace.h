// When a remote judge may be asked: a budget for requests and characters, and patience with one
// that fails. The time is handed in. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace sonde::app {

class JudgePace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Budget {
    uint64_t requests_per_minute = 0;  // in any minute
    uint64_t requests_per_day = 0;     // in 24 hours from the first request
    uint64_t characters_per_day = 0;
  };
  explicit JudgePace(const Budget& budget) : budget_(budget) {}

  enum class Answer : uint8_t { kGo, kWait, kSpent };
  struct Turn {
    Answer answer = Answer::kGo;
    Time at;  // kWait: ask again then
  };
  // kGo counts as sent.
  Turn ask(Time now, uint64_t characters);

  void succeeded() { failures_ = 0; }
  // Waits twice as long after each failure in a row, or as long as the judge said.
  void failed(Time now, std::optional<std::chrono::seconds> retry_after);

  // So many failures in a row that it is taken to be down: one request is tried at a time.
  bool is_down() const { return failures_ >= kDownAfter; }
  Time resumes() const { return not_before_; }

  static constexpr unsigned kDownAfter = 3;
  static constexpr std::chrono::seconds kFirstWait{1};
  static constexpr std::chrono::seconds kLongestWait{300};
  static constexpr std::chrono::seconds kLongestRetryAfter{3600};

 private:
  const Budget budget_;
  std::deque<Time> sent_;  // within the last minute
  Time day_;
  uint64_t requests_ = 0;  // of the day
  uint64_t characters_ = 0;
  unsigned failures_ = 0;  // in a row
  Time not_before_;
};

}  // namespace sonde::app
