#include "collector/store/key_uses.h"

#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "collector/store/alerts.h"
#include "collector/store/ingest.h"
#include "tests/collector/support/database.h"
#include "tests/support/alert_schema.h"

namespace sonde::store {
namespace {

constexpr int64_t kHourMs = 3'600'000;

TEST(KeyReuseTest, WhatAgentsTellAndWhatIsOrdinarySaysNothing) {
  EXPECT_EQ(judge_key_use({}, {"bot", "web-1", 0}), KeyReuse::kNone);
  const std::vector<KeyUse> bot = {{"bot", "web-1", 0}};
  EXPECT_EQ(judge_key_use(bot, {"batch", "web-1", kHourMs}), KeyReuse::kNone) << "one host's own";
  EXPECT_EQ(judge_key_use(bot, {"bot", "web-2", kHourMs}), KeyReuse::kNone) << "a second replica";
  const std::vector<KeyUse> replicas = {{"bot", "web-1", 0}, {"bot", "web-2", kHourMs}};
  EXPECT_EQ(judge_key_use(replicas, {"bot", "web-3", 99 * kHourMs}), KeyReuse::kNone)
      << "a fleet that grows";
}

TEST(KeyReuseTest, AnotherApplicationElsewhereAndALateSecondHostAreTold) {
  const std::vector<KeyUse> bot = {{"bot", "web-1", 0}};
  EXPECT_EQ(judge_key_use(bot, {"curl", "laptop-7", 1}), KeyReuse::kApplications);
  EXPECT_EQ(judge_key_use(bot, {"bot", "laptop-7", 24 * kHourMs}), KeyReuse::kHosts);
}

class KeyUsesTest : public testing::StoreTest {
 protected:
  Activity use(int number, std::string key, std::string application, std::string host) {
    Activity activity;
    activity.exchange_id = fmt::format("{:032x}", number);
    activity.time_ms = number;
    activity.agent_id = "agent-of-" + host;
    activity.host = std::move(host);
    activity.uses = {{"application", std::move(application)}, {"key", std::move(key)}};
    activity.record =
        R"({"process":{"pid":7,"uid":1000,"exe":"/usr/bin/curl"},"capture":{"tls":"openssl",)"
        R"("side":"client"},"gen_ai.provider.name":"openai","gen_ai.request.model":["no text"]})";
    return activity;
  }
  void deliver(std::vector<Activity> activities) {
    Batch batch;
    batch.activities = std::move(activities);
    const auto outcome = writer_.commit(std::move(batch));
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  }
  std::vector<Alert> alerts() {
    const auto page = AlertStore(pool()).list({}, 500, std::nullopt);
    EXPECT_TRUE(page.ok());
    return page->items;
  }
  IngestWriter writer_{pool(), {}, [] {}};
};
SONDE_ON_BOTH_STORES(KeyUsesTest);

TEST_P(KeyUsesTest, AKeyOnAnotherHostsApplicationIsOneAlertInTheFormOfAll) {
  deliver({use(1, "fp-1", "bot", "web-1"), use(2, "fp-2", "bot", "web-2")});
  EXPECT_TRUE(alerts().empty());
  deliver({use(3, "fp-1", "curl", "laptop-7"), use(4, "fp-1", "curl", "laptop-7")});
  deliver({use(5, "fp-1", "curl", "laptop-7"), use(3, "fp-1", "curl", "laptop-7")});
  ASSERT_EQ(alerts().size(), 1U);
  const Alert alert = alerts().front();
  EXPECT_EQ(alert.alert, "access.key_reuse");
  EXPECT_EQ(alert.host, "laptop-7");
  EXPECT_EQ(alert.application, "curl");
  EXPECT_EQ(alert.severity, Severity::kMedium);
  const auto ocsf = AlertStore(pool()).ocsf(alert.id);
  ASSERT_TRUE(ocsf.ok() && *ocsf);
  EXPECT_EQ(testing::schema_problems({**ocsf}), "");
  simdjson::dom::parser parser;
  const auto own = parser.parse(**ocsf)["unmapped"]["sonde"];
  EXPECT_EQ(std::string_view(own["data"]["other_hosts"]), "web-1");
  EXPECT_EQ(std::string_view(own["entities"].at(0)["value"]), "fp-1");
}

TEST_P(KeyUsesTest, AKeyOfEverybodyIsNotedNoFurther) {
  for (int i = 0; i < 80; ++i) {
    deliver({use(i, "fp-1", fmt::format("application-{}", i), fmt::format("host-{}", i))});
  }
  EXPECT_EQ(alerts().size(), 63U);
}

TEST_P(KeyUsesTest, TwoReplicasThatHearTheFirstTwoUsesAtOnceDoNotMissIt) {
  for (int round = 0; round < 20; ++round) {
    const std::string key = fmt::format("fp-{}", round);
    IngestWriter other(pool(), {}, [] {});
    std::thread sender([&] {
      Batch batch;
      batch.activities = {use(1000 + round, key, "curl", "laptop-7")};
      ASSERT_TRUE(other.commit(std::move(batch)).ok());
    });
    deliver({use(round, key, "bot", "web-1")});
    sender.join();
    EXPECT_EQ(alerts().size(), static_cast<size_t>(round) + 1);
  }
}

}  // namespace
}  // namespace sonde::store
