#include "agent/sink/spooled_sink.h"

#include <fstream>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "agent/sink/collector_carrier.h"
#include "tests/unit/sink/temporary_directory.h"

namespace sonde::sink {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A collector in memory that behaves as the test says.
struct FakeCollector {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> stored;  // as the real one: what comes twice is a duplicate
  size_t requests = 0;
  std::map<size_t, Answer> answers;  // by number of the request: instead of the usual one
  bool away = false;
  bool hangs = false;
  bool cancelled = false;

  Result<Answer> handle(std::string_view ndjson) {
    std::unique_lock lock(mutex);
    const size_t number = requests++;
    changed.notify_all();
    if (hangs) changed.wait(lock, [&] { return cancelled; });
    if (cancelled) return fail("cancelled");
    if (away) return fail("cannot connect");
    if (const auto found = answers.find(number); found != answers.end()) return found->second;
    return store(ndjson);
  }
  // 400 for a batch with "poison" in it; "bad" is rejected by its line.
  Answer store(std::string_view ndjson) {
    if (ndjson.find("poison") != std::string_view::npos) return {400, "{}", std::nullopt};
    json rejected = json::array();
    int accepted = 0;
    int duplicates = 0;
    int line = 0;
    while (!ndjson.empty()) {
      const size_t end = ndjson.find('\n');
      const json envelope = json::parse(ndjson.substr(0, end), nullptr, false);
      ++line;
      if (envelope.is_discarded() || envelope["alert"].contains("bad")) {
        rejected.push_back({{"line", line}, {"error", "no"}});
      } else {
        ++(stored.insert(envelope["alert"].dump()).second ? accepted : duplicates);
      }
      ndjson.remove_prefix(end + 1);
    }
    changed.notify_all();
    return {200,
            json{{"accepted", accepted}, {"duplicates", duplicates}, {"rejected", rejected}}.dump(),
            {}};
  }
  template <typename Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, seconds(20), predicate);
  }
};

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(FakeCollector& collector) : collector_(collector) {}
  Result<Answer> post(std::string_view ndjson) override { return collector_.handle(ndjson); }
  void cancel() override {
    const std::lock_guard lock(collector_.mutex);
    collector_.cancelled = true;
    collector_.changed.notify_all();
  }

 private:
  FakeCollector& collector_;
};

class SpooledSinkTest : public ::testing::Test {
 protected:
  void start() {
    auto spool = Spool::open({directory_.path() + "/spool", 8 << 20}, counters_);
    ASSERT_TRUE(spool.ok()) << spool.error().message;
    SpooledSinkConfig config;
    config.first_pause = milliseconds(2);
    config.longest_pause = milliseconds(20);
    config.rejected_path = directory_.path() + "/spool/rejected.jsonl";
    collector_.cancelled = false;
    sink_ = std::make_unique<SpooledSink>(
        std::move(*spool),
        std::make_unique<CollectorCarrier>(std::make_unique<FakeTransport>(collector_)), config,
        counters_);
  }
  static Record alert(const std::string& text) {
    return {RecordKind::kAlert, detect::Severity::kHigh, text};
  }
  static std::string numbered(int number) { return fmt::format(R"({{"n":{}}})", number); }
  std::vector<Record> numbers(int count) {
    std::vector<Record> records;
    for (int i = 0; i < count; ++i) records.push_back(alert(numbered(i)));
    return records;
  }
  bool stored(size_t count) {
    return collector_.wait([&] { return collector_.stored.size() >= count; });
  }
  uint64_t count(Count counter) { return counters_.value(counter); }

  TemporaryDirectory directory_;
  Counters counters_;
  FakeCollector collector_;
  std::unique_ptr<SpooledSink> sink_;
};

TEST_F(SpooledSinkTest, RecordsArriveOnce) {
  start();
  ASSERT_TRUE(sink_->write(numbers(2500)).ok());
  EXPECT_TRUE(stored(2500));
  sink_->stop(seconds(10));
  EXPECT_EQ(collector_.stored.size(), 2500U);
  EXPECT_EQ(count(Count::kSinkDelivered), 2500U);
  EXPECT_EQ(sink_->state().waiting, 0U);
}

TEST_F(SpooledSinkTest, ACollectorThatIsAwayIsTriedAgain) {
  collector_.away = true;
  start();
  ASSERT_TRUE(sink_->write(numbers(10)).ok());
  ASSERT_TRUE(collector_.wait([&] { return collector_.requests >= 3; }));
  EXPECT_NE(sink_->state().trouble, "");
  {
    const std::lock_guard lock(collector_.mutex);
    collector_.away = false;
  }
  EXPECT_TRUE(stored(10));
  sink_->stop(seconds(10));
  EXPECT_EQ(collector_.stored.size(), 10U);
  EXPECT_EQ(sink_->state().trouble, "");
  EXPECT_GE(count(Count::kSinkRetries), 3U);
}

TEST_F(SpooledSinkTest, BusyOrUnauthorisedOrStrangeAnswersLoseNothing) {
  collector_.answers = {{0, {429, "", seconds(0)}},         {1, {503, "", std::nullopt}},
                        {2, {401, "{}", std::nullopt}},     {3, {403, "{}", std::nullopt}},
                        {4, {404, "", std::nullopt}},       {5, {302, "", std::nullopt}},
                        {6, {200, "<html>", std::nullopt}}, {7, {200, "{}", std::nullopt}}};
  start();
  ASSERT_TRUE(sink_->write(numbers(5)).ok());
  EXPECT_TRUE(stored(5));
  sink_->stop(seconds(10));
  EXPECT_EQ(collector_.stored.size(), 5U);
  EXPECT_EQ(count(Count::kSinkRejected), 0U);
  EXPECT_EQ(count(Count::kSinkRetries), 8U);
}

TEST_F(SpooledSinkTest, RetryAfterIsHonoured) {
  collector_.answers = {{0, {429, "", seconds(1)}}};
  start();
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(sink_->write(numbers(1)).ok());
  EXPECT_TRUE(stored(1));
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(1000));
}

TEST_F(SpooledSinkTest, OnePoisonedRecordBlocksNoOther) {
  start();
  std::vector<Record> records = numbers(300);
  records.insert(records.begin() + 100, alert(R"({"x":"poison"})"));
  records.insert(records.begin() + 250, alert("{\"two\":\n1}"));
  ASSERT_TRUE(sink_->write(records).ok());
  EXPECT_TRUE(stored(300));
  sink_->stop(seconds(10));
  EXPECT_EQ(collector_.stored.size(), 300U);
  EXPECT_EQ(sink_->state().waiting, 0U);
  EXPECT_GE(count(Count::kSinkRejected), 2U);
  EXPECT_LT(collector_.requests, 60U) << "bisecting, not one by one";
}

TEST_F(SpooledSinkTest, ARejectedLineIsKeptAsideAndNotRepeated) {
  start();
  ASSERT_TRUE(
      sink_->write({{alert(R"({"n":1})"), alert(R"({"bad":1})"), alert(R"({"n":2})")}}).ok());
  EXPECT_TRUE(stored(2));
  sink_->stop(seconds(10));
  EXPECT_EQ(collector_.requests, 1U);
  EXPECT_EQ(count(Count::kSinkRejected), 1U);
  EXPECT_EQ(count(Count::kSinkDelivered), 2U);
  std::ifstream file(directory_.path() + "/spool/rejected.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_EQ(line, R"({"type":"alert","alert":{"bad":1}})");
}

TEST_F(SpooledSinkTest, WhatCouldNotBeDeliveredWaitsForTheNextStart) {
  collector_.away = true;
  start();
  ASSERT_TRUE(sink_->write(numbers(7)).ok());
  sink_->stop(milliseconds(50));
  sink_.reset();
  collector_.away = false;
  start();
  EXPECT_TRUE(stored(7));
  sink_->stop(seconds(10));
  EXPECT_EQ(collector_.stored.size(), 7U);
}

TEST_F(SpooledSinkTest, StopEndsARequestThatHangs) {
  collector_.hangs = true;
  start();
  ASSERT_TRUE(sink_->write(numbers(1)).ok());
  ASSERT_TRUE(collector_.wait([&] { return collector_.requests == 1; }));
  const auto before = std::chrono::steady_clock::now();
  sink_->stop(milliseconds(20));
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(10));
  EXPECT_EQ(sink_->state().waiting, 1U);
}

TEST_F(SpooledSinkTest, StopDrainsFirst) {
  start();
  ASSERT_TRUE(sink_->write(numbers(3000)).ok());
  sink_->stop(seconds(20));
  EXPECT_EQ(collector_.stored.size(), 3000U);
}

}  // namespace
}  // namespace sonde::sink
