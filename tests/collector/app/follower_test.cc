#include "collector/app/follower.h"

#include <gtest/gtest.h>

#include "tests/collector/support/database.h"

namespace sonde::collector {
namespace {

class FollowerTest : public testing::StoreTest {
 protected:
  void beat(const std::string& agent_id, int64_t now_ms) {
    store::Heartbeat heartbeat;
    heartbeat.agent_id = agent_id;
    heartbeat.counters = "{}";
    heartbeat.coverage = "[]";
    auto lease = pool().write();
    auto transaction = store::sql::Transaction::begin(**lease);
    ASSERT_TRUE(store::FleetStore::record_heartbeat(**lease, heartbeat, now_ms).ok());
    ASSERT_TRUE(transaction->commit().ok());
  }
  // All events until `wanted` is among them.
  static std::string wait_for(api::Subscription& subscription, const std::string& wanted) {
    std::string events;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (events.find(wanted) == events.npos && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      events += subscription.take();
    }
    return events;
  }
  api::EventHub events_{4};
};
SONDE_ON_BOTH_STORES(FollowerTest);

// Written by another replica, whose clock may be behind.
TEST_P(FollowerTest, ASignOfLifeOfAnAgentIsToldWhicheverReplicaTookIt) {
  beat("web-1", 5000);
  beat("web-2", 5000);
  const auto subscription = events_.subscribe();
  Follower follower(pool(), events_);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // it has looked once
  EXPECT_EQ(subscription->take(), "") << "what was there before is no news";
  beat("web-2", 4000);
  const std::string one = wait_for(*subscription, "web-2");
  EXPECT_NE(one.find("event: agent.updated\ndata: {\"agent_id\":\"web-2\"}"), one.npos) << one;
  EXPECT_EQ(one.find("web-1"), one.npos) << one;
  beat("web-3", 1);
  EXPECT_NE(wait_for(*subscription, "web-3").find("agent.updated"), std::string::npos);
}

}  // namespace
}  // namespace sonde::collector
