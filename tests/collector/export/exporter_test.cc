// From the store to a target and back to the cursor: nothing lost, nothing twice without need.
#include "collector/export/exporter.h"

#include <atomic>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "collector/incident/correlator.h"
#include "collector/store/alerts.h"
#include "tests/collector/support/database.h"
#include "tests/collector/support/sample.h"

namespace sonde::exporting {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// What a target saw, shared with the test, which may let it fail.
struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Record> records;
  std::vector<std::string> deliveries;
  std::vector<std::string> reports;
  int failures_left = 0;
  std::string poison;  // uid that the target never takes

  template <typename Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 20s, condition);
  }
  std::vector<std::string> uids(RecordKind kind) {
    const std::lock_guard lock(mutex);
    std::vector<std::string> uids;
    for (const Record& record : records) {
      if (record.kind == kind) uids.push_back(record.uid);
    }
    return uids;
  }
};

class FakeTarget final : public Target {
 public:
  explicit FakeTarget(Seen& seen) : seen_(seen) {}
  Outcome send(std::span<const Record> records, const std::string& delivery) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.deliveries.push_back(delivery);
    seen_.changed.notify_all();
    if (seen_.failures_left > 0) {
      --seen_.failures_left;
      return {Verdict::kTryAgain, "it is away"};
    }
    for (const Record& record : records) {
      if (record.uid == seen_.poison) return {Verdict::kRefused, "the receiver answers 400"};
    }
    seen_.records.insert(seen_.records.end(), records.begin(), records.end());
    return {};
  }
  void cancel() override {}

 private:
  Seen& seen_;
};

class ExporterTest : public testing::StoreTest {
 protected:
  void store_alerts(int from, int to, store::WorkStatus status = store::WorkStatus::kNew) {
    std::vector<store::NewAlert> alerts;
    for (int i = from; i < to; ++i) {
      alerts.push_back(testing::sample_alert(i));
      alerts.back().status = status;
    }
    auto lease = pool().write();
    auto transaction = store::sql::Transaction::begin(**lease);
    ASSERT_TRUE(store::AlertStore::append(**lease, alerts, 1).ok());
    ASSERT_TRUE(transaction->commit().ok());
  }
  std::unique_ptr<Exporter> start(Seen& seen, ExportConfig config = {}) {
    if (config.name().empty()) config.target.name = "test";
    ExporterTimes times;
    times.poll = 10ms;
    times.standby = 20ms;
    times.first_pause = 10ms;
    times.longest_pause = 20ms;
    return std::make_unique<Exporter>(
        pool(), config, std::make_unique<FakeTarget>(seen), [this] { return now_ms_.load(); },
        [&seen](const std::string& report) {
          const std::lock_guard lock(seen.mutex);
          seen.reports.push_back(report);
        },
        times);
  }
  store::ExportState state() {
    const auto states = store::ExportStore(pool()).list();
    return states->empty() ? store::ExportState{} : states->front();
  }
  // Until the cursor stands at the end.
  bool settled(int64_t sent) {
    for (int i = 0; i < 2000; ++i) {
      if (state().sent == sent) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  std::atomic<int64_t> now_ms_ = 1'000'000;
};
SONDE_ON_BOTH_STORES(ExporterTest);

TEST_P(ExporterTest, EveryAlertArrivesOnceInOrderOverRestarts) {
  store_alerts(0, 450);
  Seen seen;
  start(seen);  // begins, and is stopped wherever it is
  for (int round = 0; round < 5; ++round) {
    const auto exporter = start(seen);
    std::this_thread::sleep_for(std::chrono::milliseconds(7 * round));
  }
  store_alerts(450, 500);
  const auto exporter = start(seen);
  ASSERT_TRUE(settled(500));
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) expected.push_back(fmt::format("alert-{}", i));
  EXPECT_EQ(seen.uids(RecordKind::kAlert), expected);
}

TEST_P(ExporterTest, AnOutageLosesNothingAndRepeatsUnderTheSameDelivery) {
  Seen seen;
  seen.failures_left = 3;
  store_alerts(0, 10);
  const auto exporter = start(seen);
  ASSERT_TRUE(settled(10));
  const std::lock_guard lock(seen.mutex);
  ASSERT_EQ(seen.deliveries.size(), 4U);
  EXPECT_EQ(std::set<std::string>(seen.deliveries.begin(), seen.deliveries.end()).size(), 1U);
  EXPECT_EQ(seen.records.size(), 10U);
  ASSERT_FALSE(seen.reports.empty());
  EXPECT_EQ(seen.reports.front(), "it is away");
}

TEST_P(ExporterTest, ARecordThatIsNeverTakenDoesNotHoldUpTheOthers) {
  Seen seen;
  seen.poison = "alert-37";
  store_alerts(0, 100);
  const auto exporter = start(seen);
  ASSERT_TRUE(settled(99));
  EXPECT_EQ(state().refused, 1);
  EXPECT_EQ(seen.uids(RecordKind::kAlert).size(), 99U);
}

TEST_P(ExporterTest, OneOfTwoReplicasExportsAndTheOtherTakesOver) {
  Seen first;
  Seen second;
  auto one = start(first);
  store_alerts(0, 5);
  ASSERT_TRUE(settled(5));
  const auto other = start(second);
  store_alerts(5, 10);
  ASSERT_TRUE(settled(10));
  EXPECT_EQ(first.uids(RecordKind::kAlert).size(), 10U);
  EXPECT_TRUE(second.uids(RecordKind::kAlert).empty());
  one.reset();  // gives the lease back
  store_alerts(10, 15);
  ASSERT_TRUE(settled(15));
  EXPECT_EQ(second.uids(RecordKind::kAlert).size(), 5U);
}

TEST_P(ExporterTest, ALeaseThatRanOutIsTakenAndItsOldOwnerStops) {
  store::ExportStore exports(pool());
  ASSERT_TRUE((*exports.hold("x", "dead", 0, 100, {})).has_value());
  EXPECT_FALSE((*exports.hold("x", "alive", 50, 150, {})).has_value());
  ASSERT_TRUE((*exports.hold("x", "alive", 100, 200, {})).has_value());
  EXPECT_FALSE(*exports.advance("x", "dead", {7, 0}, 7, 0, 101));
  EXPECT_TRUE(*exports.advance("x", "alive", {3, 0}, 3, 0, 101));
  EXPECT_EQ((*exports.hold("x", "alive", 110, 210, {}))->last_alert_id, 3);
  EXPECT_FALSE((*exports.hold("x", "ahead", 60, 160, {})).has_value()) << "clocks differ a little";
  EXPECT_TRUE((*exports.hold("x", "later", -3'600'000, -3'599'900, {})).has_value())
      << "a lease from before the clock was set back holds nobody up";
}

TEST_P(ExporterTest, FiltersLeaveOutWhatIsNotWanted) {
  Seen seen;
  store_alerts(0, 3, store::WorkStatus::kSuppressed);
  store_alerts(3, 5);
  ExportConfig config;
  const auto exporter = start(seen, config);
  ASSERT_TRUE(settled(2));
  EXPECT_EQ(seen.uids(RecordKind::kAlert), (std::vector<std::string>{"alert-3", "alert-4"}));
  Seen severe;
  config.target.name = "severe";
  config.min_severity = store::Severity::kHigh;
  const auto other = start(severe, config);
  Seen late;
  config.target.name = "late";
  config.min_severity = store::Severity::kUnknown;
  config.from_now = true;
  const auto from_now = start(late, config);
  ASSERT_TRUE(late.wait([&] { return true; }));
  for (int i = 0; i < 500 && store::ExportStore(pool()).list()->size() < 3; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  store_alerts(5, 6);
  ASSERT_TRUE(late.wait([&] { return !late.records.empty(); }));
  EXPECT_EQ(late.uids(RecordKind::kAlert), std::vector<std::string>{"alert-5"});
  EXPECT_TRUE(severe.uids(RecordKind::kAlert).empty());
}

TEST_P(ExporterTest, AnIncidentIsSentWhenItBeginsAndWhenItChanges) {
  std::vector<store::NewAlert> alerts = {testing::sample_alert(1), testing::sample_alert(2)};
  alerts[0].alert = "prompt_attack.document";
  alerts[0].severity = store::Severity::kHigh;
  alerts[1].alert = "tool.tainted_call";
  alerts[1].severity = store::Severity::kHigh;
  for (store::NewAlert& alert : alerts) alert.entities = {{"conversation", "c-9"}};
  {
    auto lease = pool().write();
    auto transaction = store::sql::Transaction::begin(**lease);
    ASSERT_TRUE(store::AlertStore::append(**lease, alerts, 1).ok());
    ASSERT_TRUE(transaction->commit().ok());
  }
  incident::Correlator correlator(pool());
  ASSERT_TRUE(correlator.run_once(10).ok());
  Seen seen;
  ExportConfig config;
  config.alerts = false;
  const auto exporter = start(seen, config);
  ASSERT_TRUE(seen.wait([&] { return seen.records.size() == 1; }));
  const json first = json::parse(seen.records[0].json);
  EXPECT_EQ(first["class_uid"], 2005);
  EXPECT_EQ(first["type_name"], "Incident Finding: Update");
  EXPECT_EQ(first["severity"].get<std::string>()[0],
            static_cast<char>(std::toupper(first["severity"].get<std::string>()[0])));
  EXPECT_EQ(first["metadata"]["version"], "1.8.0");
  EXPECT_TRUE(first["metadata"]["product"].contains("version"));
  EXPECT_EQ(first["type_uid"], 200502);
  EXPECT_EQ(first["status_id"], 1);
  ASSERT_EQ(first["finding_info_list"].size(), 2U);
  EXPECT_EQ(first["finding_info_list"][0]["uid"], "alert-1");
  store::IncidentChange change;
  change.work.status = store::WorkStatus::kResolved;
  change.work.classification = "false_positive";
  const auto id = store::incident_id_from(seen.records[0].uid);
  ASSERT_TRUE(store::IncidentStore(pool()).change(*id, change).ok());
  ASSERT_TRUE(seen.wait([&] { return seen.records.size() == 2; }));
  const json second = json::parse(seen.records[1].json);
  EXPECT_EQ(second["activity_id"], 3);
  EXPECT_EQ(second["status_id"], 4);
  EXPECT_EQ(second["verdict_id"], 1);
}

}  // namespace
}  // namespace sonde::exporting
