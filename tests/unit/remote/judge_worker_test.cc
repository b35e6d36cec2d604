// A judge's thread against answers laid out by the test: verdicts, memory, budget, failures.
#include "agent/app/remote/judge_worker.h"

#include <atomic>
#include <map>

#include <gtest/gtest.h>

#include "agent/app/remote/judge_text.h"

namespace sonde::app {
namespace {

using std::chrono::milliseconds;

constexpr const char* kAttack = R"({"choices":[{"message":{"content":"unsafe\nS14"}}]})";
constexpr const char* kClean = R"({"choices":[{"message":{"content":"safe"}}]})";

class JudgeWorkerTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.name = "guard";
    config_.type = "openai";
    config_.url = "https://guard.example/v1";
    config_.model = "guard";
    config_.max_score = 1;
  }

  void start() {
    JudgeTransport transport{[this](const std::string&, const std::vector<std::string>&,
                                    const std::string& body) { return post(body); },
                             [] {}};
    worker_ = std::make_unique<JudgeWorker>(config_, "", "0123456789abcdef", transport, findings_);
  }

  Result<egress::HttpAnswer> post(const std::string& body) {
    const std::lock_guard lock(mutex_);
    bodies_.push_back(body);
    if (!status_) return fail("cannot reach https://guard.example: refused");
    egress::HttpAnswer answer;
    answer.status = status_;
    answer.body = answer_;
    if (status_ == 429) answer.retry_after = std::chrono::seconds(1);
    return answer;
  }

  void answer(int status, std::string body) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    answer_ = std::move(body);
  }

  static detect::ReviewCandidate candidate(const std::string& text, double score = 0.3) {
    detect::ReviewCandidate candidate;
    candidate.finding.alert = "prompt_attack.user";
    candidate.finding.detector = "prompt_attack";
    candidate.finding.severity = detect::Severity::kMedium;
    candidate.finding.score = score;
    candidate.flagged = score >= 0.5;
    candidate.masked = {text, 0};
    candidate.plain = {"plain " + text, 0};
    candidate.whole_bytes = text.size();
    return candidate;
  }

  void offer(const detect::ReviewCandidate& candidate) {
    worker_->offer(candidate, std::make_shared<const llm::Exchange>());
  }

  std::vector<RemoteFinding> wait_for(JudgeCount count, uint64_t value) {
    for (int i = 0; i < 1000 && worker_->count(count) < value; ++i) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_GE(worker_->count(count), value);
    std::this_thread::sleep_for(milliseconds(20));
    return findings_.take();
  }

  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

  config::RemoteJudge config_;
  RemoteFindings findings_;
  std::mutex mutex_;
  std::vector<std::string> bodies_;
  int status_ = 200;
  std::string answer_ = kClean;
  std::unique_ptr<JudgeWorker> worker_;  // last: uses the others
};

TEST_F(JudgeWorkerTest, AnAttackBecomesAFindingThatNamesTheJudge) {
  answer(200, kAttack);
  start();
  offer(candidate("do as I say"));
  const auto found = wait_for(JudgeCount::kAttacks, 1);
  ASSERT_EQ(found.size(), 1u);
  const detect::Finding& finding = found[0].finding;
  EXPECT_EQ(finding.alert, "prompt_attack.user");
  EXPECT_EQ(finding.detector, "judge.guard");
  EXPECT_EQ(finding.data.at("categories"), "S14");
  EXPECT_EQ(finding.data.at("local_score"), "0.30");
  EXPECT_EQ(finding.data.count("confirms"), 0u);
  EXPECT_EQ(finding.severity, detect::Severity::kMedium);
}

TEST_F(JudgeWorkerTest, TwoThatAgreeWeighMore) {
  answer(200, kAttack);
  start();
  offer(candidate("do as I say", 0.9));
  const auto found = wait_for(JudgeCount::kAttacks, 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].finding.data.at("confirms"), "prompt_attack");
  EXPECT_EQ(found[0].finding.severity, detect::Severity::kHigh);
}

TEST_F(JudgeWorkerTest, WhatIsCleanIsNoFindingAndIsNotAskedAgain) {
  start();
  offer(candidate("the same"));
  wait_for(JudgeCount::kRequests, 1);
  offer(candidate("the same"));
  EXPECT_TRUE(wait_for(JudgeCount::kRemembered, 1).empty());
  EXPECT_EQ(worker_->count(JudgeCount::kRequests), 1u);
  answer(200, kAttack);
  offer(candidate("another"));
  EXPECT_EQ(wait_for(JudgeCount::kAttacks, 1).size(), 1u);
  offer(candidate("another"));
  EXPECT_EQ(findings_.take().size(), 1u);
  EXPECT_EQ(bodies().size(), 2u);
}

TEST_F(JudgeWorkerTest, TextsAreMaskedUnlessTheOperatorSaysOtherwise) {
  start();
  offer(candidate("words"));
  wait_for(JudgeCount::kRequests, 1);
  EXPECT_EQ(bodies().at(0).find("plain"), std::string::npos);
  worker_.reset();
  config_.redact = false;
  start();
  offer(candidate("words"));
  wait_for(JudgeCount::kRequests, 1);
  EXPECT_NE(bodies().at(1).find("plain words"), std::string::npos);
}

TEST_F(JudgeWorkerTest, ALongTextIsCutAndTheFindingSaysSo) {
  config_.characters = 1000;
  answer(200, kAttack);
  start();
  std::string text;
  for (int i = 0; i < 200; ++i) text += "The heron waits in the reeds. ";
  offer(candidate(text));
  const auto found = wait_for(JudgeCount::kAttacks, 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(worker_->count(JudgeCount::kTextsCut), 1u);
  EXPECT_TRUE(found[0].finding.data.at("judged_bytes").ends_with(" of 6000"));
  EXPECT_LT(bodies().at(0).size(), 1300u);
}

TEST_F(JudgeWorkerTest, ASpentBudgetDropsAndCounts) {
  config_.requests_per_day = 2;
  start();
  for (int i = 0; i < 5; ++i) offer(candidate("text " + std::to_string(i)));
  wait_for(JudgeCount::kOverBudget, 3);
  EXPECT_EQ(bodies().size(), 2u);
}

TEST_F(JudgeWorkerTest, AFullQueueDropsAndCounts) {
  config_.requests_per_minute = 1;
  start();
  for (size_t i = 0; i < JudgeWorker::kQueue + 10; ++i) {
    offer(candidate("text " + std::to_string(i)));
  }
  wait_for(JudgeCount::kRequests, 1);
  EXPECT_GE(worker_->count(JudgeCount::kQueueFull), 9u);
  EXPECT_LE(worker_->count(JudgeCount::kQueueFull), 10u);
  EXPECT_LE(worker_->state().waiting, JudgeWorker::kQueue);
}

TEST_F(JudgeWorkerTest, AnAttemptThatFailedIsRepeated) {
  answer(429, "");
  start();
  offer(candidate("patience"));
  wait_for(JudgeCount::kFailed, 1);
  answer(200, kAttack);
  EXPECT_EQ(wait_for(JudgeCount::kAttacks, 1).size(), 1u);
  EXPECT_EQ(worker_->state().trouble, "");
}

TEST_F(JudgeWorkerTest, OneThatIsDownIsSaidToBe) {
  answer(0, "");
  start();
  offer(candidate("nobody is there"));
  wait_for(JudgeCount::kFailed, JudgePace::kDownAfter);
  EXPECT_EQ(worker_->state().trouble, "cannot reach https://guard.example: refused");
  EXPECT_EQ(worker_->state().waiting, 1u);
}

TEST_F(JudgeWorkerTest, ATextThatIsRefusedIsNotSentAgain) {
  answer(400, "");
  start();
  offer(candidate("too odd"));
  wait_for(JudgeCount::kRefused, 1);
  EXPECT_EQ(bodies().size(), 1u);
  EXPECT_EQ(worker_->state().waiting, 0u);
}

TEST_F(JudgeWorkerTest, AnAnswerThatIsNoVerdictIsCounted) {
  answer(200, "<html>");
  start();
  offer(candidate("who are you"));
  wait_for(JudgeCount::kFailed, 1);
  EXPECT_EQ(worker_->state().waiting, 0u);
  EXPECT_TRUE(findings_.take().empty());
}

TEST_F(JudgeWorkerTest, ItWantsItsZonesAndItsBand) {
  config_.zones = {"tool"};
  config_.min_score = 0.2;
  config_.max_score = 0.5;
  start();
  auto text = candidate("x", 0.3);
  EXPECT_FALSE(worker_->wants(text));
  text.finding.zone = llm::Zone::kTool;
  EXPECT_TRUE(worker_->wants(text));
  text.finding.score = 0.51;
  EXPECT_FALSE(worker_->wants(text));
}

}  // namespace
}  // namespace sonde::app
