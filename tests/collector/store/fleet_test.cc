#include "collector/store/fleet.h"

#include <gtest/gtest.h>

#include "collector/store/accounts.h"
#include "tests/collector/support/database.h"

namespace sonde::store {
namespace {

class FleetStoreTest : public testing::StoreTest {
 protected:
  size_t record(const std::vector<Activity>& activities) {
    auto lease = pool().write();
    auto transaction = sql::Transaction::begin(**lease);
    const auto added = FleetStore::record_activity(**lease, activities);
    EXPECT_TRUE(added.ok()) << added.error().message;
    EXPECT_TRUE(transaction->commit().ok());
    return added->added;
  }
  FleetStore fleet_{pool()};
};
SONDE_ON_BOTH_STORES(FleetStoreTest);

Activity activity(std::string id, int64_t time_ms, std::string model) {
  Activity record;
  record.exchange_id = std::move(id);
  record.time_ms = time_ms;
  record.agent_id = "agent-1";
  record.host = "web-1";
  record.input_tokens = 10;
  record.output_tokens = 3;
  record.uses = {{"provider", "openai"}, {"model", std::move(model)}};
  record.record = "{}";
  return record;
}

TEST_P(FleetStoreTest, ARepeatedActivityCountsOnce) {
  EXPECT_EQ(record({activity("a", 100, "gpt-4o"), activity("b", 50, "gpt-4o"),
                    activity("a", 100, "gpt-4o")}),
            2U);
  EXPECT_EQ(record({activity("b", 50, "gpt-4o"), activity("c", 200, "o3")}), 1U);
  const auto providers = fleet_.inventory("provider", "", 10);
  ASSERT_TRUE(providers.ok());
  ASSERT_EQ(providers->size(), 1U);
  EXPECT_EQ((*providers)[0].exchanges, 3);
  EXPECT_EQ((*providers)[0].input_tokens, 30);
  EXPECT_EQ((*providers)[0].first_ms, 50);
  EXPECT_EQ((*providers)[0].last_ms, 200);
  EXPECT_EQ(fleet_.inventory("model", "web-1", 10)->size(), 2U);
  EXPECT_TRUE(fleet_.inventory("model", "web-2", 10)->empty());
}

TEST_P(FleetStoreTest, TheLatestHeartbeatIsWhatAnAgentSays) {
  auto lease = pool().write();
  Heartbeat beat{"agent-1", "web-1", "0.1", "6.1", 5, 2, 1, "{\"a\":1}", "[]"};
  ASSERT_TRUE(FleetStore::record_heartbeat(**lease, beat, 1000).ok());
  beat.version = "0.2";
  ASSERT_TRUE(FleetStore::record_heartbeat(**lease, beat, 2000).ok());
  const auto agent = fleet_.agent("agent-1");
  ASSERT_TRUE(agent.ok() && agent->has_value());
  EXPECT_EQ((*agent)->version, "0.2");
  EXPECT_EQ((*agent)->last_seen_ms, 2000);
  EXPECT_EQ(fleet_.agents()->size(), 1U);
  EXPECT_FALSE(fleet_.agent("agent-2")->has_value());
}

TEST_P(FleetStoreTest, AnEnrolmentTokenWorksOnceAndInTime) {
  const auto secret = fleet_.create_enrolment("agent-1", 100, 200);
  ASSERT_TRUE(secret.ok());
  EXPECT_FALSE(fleet_.redeem_enrolment(*secret, "", 200)->has_value());
  EXPECT_FALSE(fleet_.redeem_enrolment("guess", "", 150)->has_value());
  EXPECT_EQ(fleet_.redeem_enrolment(*secret, "", 150)->value(), "agent-1");
  EXPECT_FALSE(fleet_.redeem_enrolment(*secret, "", 151)->has_value());
  EXPECT_FALSE(fleet_.create_enrolment("bad id", 1, 2).ok());
}

TEST_P(FleetStoreTest, ARevokedAgentLosesEverythingAndComesBackByEnrolling) {
  AccountStore accounts(pool());
  const auto token = accounts.create_token("agent-1", Role::kAgent, 1, std::nullopt);
  const auto other = accounts.create_token("agent-2", Role::kAgent, 1, std::nullopt);
  ASSERT_TRUE(fleet_.note_certificate("f00d", "agent-1", 1, 2).ok());
  EXPECT_FALSE(*fleet_.is_revoked("agent-1", "f00d"));
  EXPECT_TRUE(*fleet_.revoke("agent-1", 50));
  EXPECT_TRUE(*fleet_.is_revoked("agent-1", ""));
  EXPECT_TRUE(*fleet_.is_revoked("", "f00d"));
  EXPECT_FALSE(accounts.find_token(token->secret, 60)->has_value());
  EXPECT_TRUE(accounts.find_token(other->secret, 60)->has_value());
  const auto secret = fleet_.create_enrolment("agent-1", 100, 200);
  ASSERT_TRUE(fleet_.redeem_enrolment(*secret, "", 150)->has_value());
  EXPECT_FALSE(*fleet_.is_revoked("agent-1", "new"));
  EXPECT_TRUE(*fleet_.is_revoked("agent-1", "f00d"));
}

TEST_P(FleetStoreTest, AnAgentCanBeRevokedBeforeItIsEverSeen) {
  EXPECT_FALSE(*fleet_.revoke("stranger", 50));
  EXPECT_TRUE(*fleet_.is_revoked("stranger", ""));
}

TEST_P(FleetStoreTest, ASharedSecretEnrolsSoManyHostsAndNoneThatIsThere) {
  const auto secret = fleet_.create_shared_enrolment(2, 100, 200);
  ASSERT_TRUE(secret.ok()) << secret.error().message;
  const auto redeem = [&](std::string_view id, int64_t now) {
    return fleet_.redeem_enrolment(*secret, id, now)->value_or("");
  };
  EXPECT_EQ(redeem("node-1", 200), "") << "too old";
  EXPECT_EQ(redeem("not an id", 150), "");
  EXPECT_EQ(redeem("", 150), "");
  EXPECT_EQ(redeem("node-1", 150), "node-1");
  EXPECT_EQ(redeem("node-1", 150), "") << "taken: who holds the secret cannot pass for node-1";
  ASSERT_TRUE(fleet_.revoke("node-9", 150).ok());
  EXPECT_EQ(redeem("node-9", 150), "") << "nor for one that was revoked";
  EXPECT_EQ(redeem("node-2", 150), "node-2");
  EXPECT_EQ(redeem("node-3", 150), "") << "used up";
}

}  // namespace
}  // namespace sonde::store
