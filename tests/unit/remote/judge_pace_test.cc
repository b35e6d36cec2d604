// Budgets and patience, with a clock of the test's own.
#include "agent/app/remote/judge_pace.h"

#include <gtest/gtest.h>

namespace sonde::app {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Answer = JudgePace::Answer;

class JudgePaceTest : public testing::Test {
 protected:
  Answer ask(uint64_t characters = 10) { return pace_.ask(now_, characters).answer; }

  JudgePace pace_{{.requests_per_minute = 3, .requests_per_day = 5, .characters_per_day = 100}};
  JudgePace::Time now_{hours(1000)};
};

TEST_F(JudgePaceTest, NoMinuteHasMoreThanItsRequests) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask(), Answer::kGo);
    now_ += seconds(10);
  }
  const auto turn = pace_.ask(now_, 10);
  EXPECT_EQ(turn.answer, Answer::kWait);
  EXPECT_EQ(turn.at, now_ + seconds(30));
  now_ = turn.at;
  EXPECT_EQ(ask(), Answer::kGo);
  EXPECT_EQ(ask(), Answer::kWait);
}

TEST_F(JudgePaceTest, ADayHasItsRequestsAndCharacters) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask(), Answer::kGo);
    now_ += seconds(60);
  }
  EXPECT_EQ(ask(), Answer::kSpent);
  now_ += hours(24);
  EXPECT_EQ(ask(90), Answer::kGo);
  EXPECT_EQ(ask(11), Answer::kSpent);
  EXPECT_EQ(ask(10), Answer::kGo);
  EXPECT_EQ(ask(1), Answer::kSpent);
  now_ += hours(24);
  EXPECT_EQ(ask(101), Answer::kSpent);
}

TEST_F(JudgePaceTest, FailuresDoubleTheWaitUpToFiveMinutes) {
  EXPECT_EQ(ask(1), Answer::kGo);
  for (const int wait : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
    pace_.failed(now_, std::nullopt);
    EXPECT_EQ(pace_.resumes(), now_ + seconds(wait));
    EXPECT_EQ(ask(1), Answer::kWait);
    now_ = pace_.resumes();
  }
  EXPECT_TRUE(pace_.is_down());
  pace_.succeeded();
  EXPECT_FALSE(pace_.is_down());
  EXPECT_EQ(ask(1), Answer::kGo);
}

TEST_F(JudgePaceTest, TheJudgeSaysForHowLongItWantsRest) {
  pace_.failed(now_, seconds(90));
  EXPECT_EQ(pace_.resumes(), now_ + seconds(90));
  pace_.failed(now_, seconds(1'000'000'000));
  EXPECT_EQ(pace_.resumes(), now_ + JudgePace::kLongestRetryAfter);
}

}  // namespace
}  // namespace sonde::app
