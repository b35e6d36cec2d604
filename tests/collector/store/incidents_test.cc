#include "collector/store/incidents.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "collector/store/alert_counts.h"
#include "tests/collector/support/database.h"
#include "tests/collector/support/sample.h"

namespace sonde::store {
namespace {

using testing::kSampleTimeMs;
using testing::sample_alert;

constexpr int kMany = 3000;
constexpr int64_t kGiant = 1;
constexpr int64_t kOther = 2;

class IncidentStoreTest : public testing::StoreTest {
 protected:
  // Of three alerts the third belongs to the other incident; they spread over hours, hosts and
  // models.
  void SetUp() override {
    auto lease = pool().write();
    auto transaction = sql::Transaction::begin(**lease);
    std::vector<NewAlert> alerts;
    for (int i = 0; i < kMany; ++i) {
      NewAlert alert = sample_alert(i);
      alert.time_ms = kSampleTimeMs + i * 5000;
      alert.host = fmt::format("host-{}", i % 7);
      alert.model = i % 5 == 0 ? "" : fmt::format("model-{}", i % 4);
      alert.severity = i % 2 == 0 ? Severity::kHigh : Severity::kLow;
      alert.status = static_cast<WorkStatus>(i % 4);
      alerts.push_back(std::move(alert));
    }
    const auto outcome = AlertStore::append(**lease, alerts, kSampleTimeMs);
    ASSERT_TRUE(outcome.ok());
    for (const int64_t incident : {kGiant, kOther}) {
      const auto made = (*lease)->query(
          "INSERT INTO incidents (title, severity, first_ms, last_ms, alert_count, stage) "
          "VALUES ('t', 3, 0, 0, 0, 0) RETURNING id");
      ASSERT_TRUE(made.ok()) << made.error().message;
      ASSERT_EQ(made->front().integer(0), incident);
    }
    for (int i = 0; i < kMany; ++i) {
      const auto joined = (*lease)->execute(
          "INSERT INTO incident_alerts (alert_id, incident_id, stage, rule, entity_type, "
          "entity_value, linked_id) VALUES ($1, $2, 0, '', '', '', 0)",
          {outcome->ids[static_cast<size_t>(i)], i % 3 == 2 ? kOther : kGiant});
      ASSERT_TRUE(joined.ok()) << joined.error().message;
    }
    ASSERT_TRUE(transaction->commit().ok());
  }
  sql::Rows rows(const std::string& statement) {
    auto lease = pool().read();
    auto rows = (*lease)->query(statement);
    EXPECT_TRUE(rows.ok());
    return rows.ok() ? *rows : sql::Rows();
  }
  // How many alerts of an incident have this status and classification.
  int64_t amount(int64_t incident, WorkStatus status, const std::string& classification) {
    return rows(fmt::format("SELECT COUNT(*) FROM alerts a JOIN incident_alerts m ON m.alert_id = "
                            "a.id WHERE m.incident_id = {} AND a.status = {} AND "
                            "COALESCE(a.classification, '') = '{}'",
                            incident, static_cast<int>(status), classification))
        .front()
        .integer(0);
  }
  // The hourly counts are what counting the alerts themselves would give.
  void expect_counts_right() {
    CountChanges anew;
    for (const sql::Row& row : rows("SELECT time_ms, alert, severity, status, application, model, "
                                    "host FROM alerts")) {
      anew.add(row.integer(0), row.text(1), static_cast<Severity>(row.integer(2)),
               static_cast<WorkStatus>(row.integer(3)), row.text(4), row.text(5), row.text(6), -1);
    }
    auto lease = pool().write();
    auto transaction = sql::Transaction::begin(**lease);  // rolled back
    ASSERT_TRUE(anew.write(**lease).ok());
    const auto left = (*lease)->query("SELECT COUNT(*) FROM alert_counts WHERE amount <> 0");
    EXPECT_EQ(left->front().integer(0), 0);
  }
  IncidentStore incidents_{pool()};
};
SONDE_ON_BOTH_STORES(IncidentStoreTest);

TEST_P(IncidentStoreTest, AChangeReachesAllAlertsOfAGiantIncidentAndNoOthers) {
  constexpr int64_t kInGiant = kMany * 2 / 3;
  const int64_t new_elsewhere = amount(kOther, WorkStatus::kNew, "");
  IncidentChange change;
  change.work.status = WorkStatus::kResolved;
  change.work.classification = "true_positive";
  ASSERT_TRUE(incidents_.change(kGiant, change)->has_value());
  EXPECT_EQ(amount(kGiant, WorkStatus::kResolved, "true_positive"), kInGiant);
  expect_counts_right();

  change.work = {};
  change.work.status = WorkStatus::kSuppressed;
  ASSERT_TRUE(incidents_.change(kGiant, change)->has_value());
  EXPECT_EQ(amount(kGiant, WorkStatus::kSuppressed, "true_positive"), kInGiant);
  expect_counts_right();

  change.work = {};
  change.work.status = WorkStatus::kInProgress;
  change.work.classification = "";
  ASSERT_TRUE(incidents_.change(kGiant, change)->has_value());
  EXPECT_EQ(amount(kGiant, WorkStatus::kInProgress, ""), kInGiant);
  expect_counts_right();

  change.work = {};
  change.work.assignee = "ada";
  ASSERT_TRUE(incidents_.change(kGiant, change)->has_value());
  EXPECT_EQ(amount(kGiant, WorkStatus::kInProgress, ""), kInGiant);
  EXPECT_EQ(amount(kOther, WorkStatus::kNew, ""), new_elsewhere);
}

}  // namespace
}  // namespace sonde::store
