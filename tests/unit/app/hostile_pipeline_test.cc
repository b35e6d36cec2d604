// Peers that want to exhaust the sensor, from the records to the exchanges: whatever they send, the
// heap stays inside a bound, what is dropped is counted, and the connection beside them is heard as
// always. tests/unit/http/hostile_test.cc does the same for the protocols alone.
#include <string>

#include <gtest/gtest.h>

#include "tests/support/allocated.h"
#include "tests/support/deflated.h"
#include "tests/unit/app/pipeline_harness.h"

namespace sonde::app {
namespace {

using test::request;
using test::response;

constexpr size_t kMiB = 1 << 20;
constexpr uint64_t kAttacker = 1;
constexpr uint64_t kBystander = 2;
constexpr size_t kRecord = 60 << 10;  // about what the kernel writes at once

class HostilePipelineTest : public test::PipelineTest {
 protected:
  HostilePipelineTest() {
    limits_.body_bytes = 4 * kMiB;
    limits_.exchange_text_bytes = 4 * kMiB;
    limits_.sse_event_bytes = kMiB;
    limits_.plaintext_bytes = 16 * kMiB;
  }

  // Sends `text` in records; halfway the bystander says something, which must be heard whole.
  void attack(bool sent, const std::string& text, uint64_t handle = kAttacker) {
    if (before_ == 0) before_ = sonde::test::allocated_bytes();  // with the attack's own text
    const size_t half = text.size() / 2;
    for (size_t at = 0; at < text.size(); at += kRecord) {
      if (at <= half && at + kRecord > half) hear_bystander();
      call(handle, sent, text.substr(at, kRecord));
      most_ = std::max(most_, held());
    }
  }
  void hear_bystander() {
    const size_t before = exchanges_.size();
    const std::string marker = "bystander " + std::to_string(++said_);
    call(kBystander, true, request(marker));
    call(kBystander, false, response("to " + marker));
    ASSERT_EQ(exchanges_.size(), before + 1);
    const llm::Exchange& heard = exchanges_.back();
    EXPECT_TRUE(heard.capture.complete);
    EXPECT_EQ(heard.input.at(0).parts.at(0).content, marker);
    EXPECT_EQ(heard.output.at(0).parts.at(0).content, "to " + marker);
    exchanges_.pop_back();
  }
  size_t held() const {
    const size_t now = sonde::test::allocated_bytes();
    return now > before_ ? now - before_ : 0;
  }
  // The attack is over: nothing of it stays, and it never took more than `bound`.
  void expect_bounded(size_t bound) {
    EXPECT_LT(most_, bound);
    pipeline().finish();
    exchanges_.clear();
    EXPECT_LT(held(), kMiB);
    EXPECT_GT(said_, 0);
  }

 private:
  size_t before_ = 0;
  size_t most_ = 0;
  int said_ = 0;
};

std::string head_of_answer(const std::string& fields) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n";
}

TEST_F(HostilePipelineTest, AnAnswerWithoutEndIsCutAtTheTextsBound) {
  call(kAttacker, true, request("go"));
  const std::string fields = "Content-Type: text/event-stream\r\nContent-Length: 10737418240\r\n";
  call(kAttacker, false, head_of_answer(fields));
  std::string events;
  while (events.size() < 32 * kMiB) {
    events +=
        "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":"
        "{\"content\":\"" +
        std::string(2000, 'x') + "\"}}]}\n\n";
  }
  attack(false, events);
  EXPECT_GE(counters_.value(Count::kHttpBodyTruncated), 1U);
  EXPECT_GE(counters_.value(Count::kHttpBodyBytesDropped), 20 * kMiB);
  expect_bounded(24 * kMiB);
}

TEST_F(HostilePipelineTest, ACompressedBombInAnAnswerIsRefused) {
  call(kAttacker, true, request("go"));
  const std::string bomb = sonde::test::gzip(std::string(256 * kMiB, ' '));
  call(kAttacker, false,
       head_of_answer("Content-Type: application/json\r\nContent-Encoding: gzip\r\n"
                      "Content-Length: " +
                      std::to_string(bomb.size()) + "\r\n"));
  attack(false, bomb);
  EXPECT_EQ(counters_.value(Count::kHttpDecodeBomb) + counters_.value(Count::kHttpBodyTruncated),
            1U);
  expect_bounded(16 * kMiB);
}

TEST_F(HostilePipelineTest, DeepJsonIsReadToItsBoundAndNoFurther) {
  std::string deep = R"({"model":"m","messages":[{"role":"user","content":"first"},)";
  for (size_t i = 0; i < kMiB / 5; ++i) deep += "{\"a\":";
  call(kAttacker, true,
       "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
       "Content-Length: " +
           std::to_string(deep.size()) + "\r\n\r\n");
  attack(true, deep);
  call(kAttacker, false, response("fine"));
  ASSERT_EQ(exchanges_.size(), 1U);
  EXPECT_EQ(exchanges_[0].input.at(0).parts.at(0).content, "first");
  EXPECT_EQ(counters_.value(Count::kJsonRepaired), 1U);
  expect_bounded(32 * kMiB);
}

TEST_F(HostilePipelineTest, AMillionMessagesAreBounded) {
  limits_.messages = 1000;
  std::string many = R"({"model":"m","messages":[)";
  for (int i = 0; i < 100'000; ++i) many += R"({"role":"user","content":"a"},)";
  many += R"({"role":"user","content":"last"}]})";
  call(kAttacker, true,
       "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
       "Content-Length: " +
           std::to_string(many.size()) + "\r\n\r\n");
  attack(true, many);
  call(kAttacker, false, response("fine"));
  ASSERT_EQ(exchanges_.size(), 1U);
  EXPECT_EQ(exchanges_[0].input.size(), 1000U);
  EXPECT_FALSE(exchanges_[0].capture.complete);
  EXPECT_EQ(counters_.value(Count::kTextTruncated), 1U);
  expect_bounded(64 * kMiB);
}

TEST_F(HostilePipelineTest, ManyOpenConnectionsGiveWayToTheNewest) {
  const std::string endless = request(std::string(2 * kMiB, 'a'));
  for (uint64_t handle = 10; handle < 30; ++handle) {
    attack(true, endless.substr(0, endless.size() - 1), handle);
  }
  EXPECT_GE(counters_.value(Count::kConnectionsEvicted), 10U);
  exchanges_.clear();
  expect_bounded(64 * kMiB);
}

TEST_F(HostilePipelineTest, GarbageBetweenTheBytesOfAConnectionCostsOnlyThatConnection) {
  call(kAttacker, true, request("go"));
  std::string garbage;
  uint32_t state = 1;
  while (garbage.size() < 8 * kMiB) {
    state = state * 1664525 + 1013904223;
    garbage += static_cast<char>(state >> 24);
  }
  attack(false, garbage);
  attack(true, garbage);
  for (uint64_t handle = 10; handle < 40; ++handle) attack(true, garbage.substr(0, 65536), handle);
  EXPECT_GE(counters_.value(Count::kHttpResync), 1U);
  EXPECT_EQ(counters_.value(Count::kConnectionsNotHttp), 0U)
      << "joined late, and searched for more";
  attack(true, garbage, 9);
  attack(false, garbage, 9);
  EXPECT_EQ(counters_.value(Count::kConnectionsNotHttp), 1U) << "both directions searched";
  expect_bounded(16 * kMiB);
}

}  // namespace
}  // namespace sonde::app
