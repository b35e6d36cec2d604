// A store that an earlier version wrote: what it holds is there after the upgrade, found by uid, by
// word and by what it shares with the alerts that come next.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "collector/incident/correlator.h"
#include "collector/store/ingest.h"
#include "collector/store/migrations.h"
#include "tests/collector/support/database.h"
#include "tests/collector/support/sample.h"

namespace sonde::incident {
namespace {

using store::NewAlert;
using store::Severity;
using testing::kSampleTimeMs;
using testing::sample_alert;
namespace sql = store::sql;

// The last version of the schema that kept a unique uid, an entity as text, and no digests.
constexpr int64_t kBefore = 7;

class UpgradeTest : public ::testing::TestWithParam<testing::Kind> {
 protected:
  // Two alerts in one incident, as version 7 wrote them; a third was removed by retention.
  void write_old_store() {
    auto connection = sql::connect(database_.url());
    ASSERT_TRUE(connection.ok());
    sql::Connection& old = **connection;
    ASSERT_TRUE(store::migrate(old, kBefore).ok());
    for (const int number : {1, 2, 3}) {
      const NewAlert alert = sample_alert(number);
      const auto added = old.execute(
          "INSERT INTO alerts (uid, time_ms, received_ms, alert, title, severity, host, agent_id, "
          "application, provider, model, zone, score, evidence_preview, search_text, entities, "
          "ocsf) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
          "$17)",
          {std::string_view(alert.uid), alert.time_ms, alert.time_ms, std::string_view(alert.alert),
           std::string_view(alert.title), static_cast<int64_t>(alert.severity),
           std::string_view(alert.host), std::string_view(alert.agent_id),
           std::string_view(alert.application), std::string_view(alert.provider),
           std::string_view(alert.model), std::string_view(alert.zone), alert.score,
           std::string_view(alert.evidence_preview),
           std::string_view("the key is number" + std::to_string(number)),
           std::string_view(R"([["process","p-1"]])"), std::string_view(alert.ocsf)});
      ASSERT_TRUE(added.ok()) << added.error().message;
      const auto seen = old.execute(
          "INSERT INTO correlation_entities (type, value, time_ms, alert_id, stage) "
          "VALUES ('process', 'p-1', $1, $2, 6)",
          {alert.time_ms, int64_t{number}});
      ASSERT_TRUE(seen.ok()) << seen.error().message;
    }
    if (GetParam() == testing::Kind::kSqlite) {
      ASSERT_TRUE(old.script("INSERT INTO alerts_search (rowid, search_text) "
                             "SELECT id, search_text FROM alerts")
                      .ok());
    }
    const Status worked = old.script(
        "INSERT INTO incidents (title, severity, first_ms, last_ms, alert_count, stage) "
        "VALUES ('old', 4, 0, 9, 2, 64);"
        "INSERT INTO incident_alerts SELECT id, 1, 6, 'first', '', '', 0 FROM alerts WHERE id < 3;"
        "DELETE FROM alerts WHERE id = 3; UPDATE correlation_state SET last_alert_id = 3;");
    ASSERT_TRUE(worked.ok()) << worked.error().message;
  }
  store::BatchOutcome deliver(store::Pool& pool, std::vector<NewAlert> alerts) {
    store::IngestWriter writer(pool, {}, [] {});
    store::Batch batch;
    batch.alerts = std::move(alerts);
    const auto outcome = writer.commit(std::move(batch));
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    return outcome.ok() ? *outcome : store::BatchOutcome{};
  }

  testing::TestDatabase database_{GetParam()};
};
SONDE_ON_BOTH_STORES(UpgradeTest);

TEST_P(UpgradeTest, WhatWasStoredIsFoundAsBefore) {
  write_old_store();
  const auto pool = store::Pool::open(database_.url(), 2);
  ASSERT_TRUE(pool.ok()) << pool.error().message;
  const store::AlertStore alerts(**pool);
  const auto first = alerts.get("alert-1");
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_EQ((*first)->incident_uid, "INC-1");
  EXPECT_EQ(*alerts.ocsf((*first)->id), sample_alert(1).ocsf);
  EXPECT_FALSE(alerts.get("alert-3")->has_value());
  store::AlertFilter filter;
  filter.query = "number2";
  const auto found = alerts.list(filter, 10, std::nullopt);
  ASSERT_TRUE(found.ok() && found->items.size() == 1U);
  EXPECT_EQ(found->items[0].uid, "alert-2");
  const auto digest = store::IncidentStore(**pool).digest(1);
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(digest->alerts_by_type, (std::map<std::string, int64_t>{{"credential.response", 2}}));
  EXPECT_EQ(digest->hosts, std::vector<std::string>{"web-1"});
}

TEST_P(UpgradeTest, WhatComesNextIsToldFromWhatWasStoredAndJoinsIt) {
  write_old_store();
  const auto pool = store::Pool::open(database_.url(), 2);
  ASSERT_TRUE(pool.ok()) << pool.error().message;
  NewAlert next = sample_alert(4);
  next.entities = {{"process", "p-1"}};
  const auto outcome = deliver(**pool, {sample_alert(1), next, sample_alert(2)});
  EXPECT_EQ(outcome.accepted, 1U);
  EXPECT_EQ(outcome.duplicates, 2U);
  const auto round = Correlator(**pool).run_once(100);
  ASSERT_TRUE(round.ok()) << round.error().message;
  const auto joined = store::AlertStore(**pool).get("alert-4");
  ASSERT_TRUE(joined.ok() && joined->has_value());
  EXPECT_EQ((*joined)->incident_uid, "INC-1");
  EXPECT_GT((*joined)->id, 3) << "the id of an alert that is gone is never given again";
  EXPECT_EQ(store::IncidentStore(**pool).digest(1)->alerts_by_type["credential.response"], 3);
}

}  // namespace
}  // namespace sonde::incident
