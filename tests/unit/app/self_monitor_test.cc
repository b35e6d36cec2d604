#include "agent/app/self_monitor.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sonde::app {
namespace {

class SelfMonitorTest : public testing::Test {
 protected:
  std::vector<std::string> check(std::vector<alert::CoverageEntry> coverage) {
    std::vector<std::string> names;
    monitor_.check(coverage, WallTime(std::chrono::seconds(1'795'435'200)),
                   [&](alert::Alert&& alert) {
                     const auto json = nlohmann::json::parse(alert.json);
                     names.push_back(json["unmapped"]["sonde"]["alert"]);
                   });
    return names;
  }

  alert::HostFacts host_;
  Counters counters_;
  SelfMonitor monitor_{host_, counters_};
};

using Names = std::vector<std::string>;

TEST_F(SelfMonitorTest, TellsOfADeafSpotOnce) {
  const alert::CoverageEntry heard{
      .pid = 1, .exe = "/usr/bin/node", .stack = "openssl", .covered = true};
  const alert::CoverageEntry deaf{
      .pid = 2, .exe = "/opt/agent", .stack = "rustls", .reason = "unsupported build"};
  EXPECT_EQ(check({heard}), Names{});
  EXPECT_EQ(check({heard, deaf}), Names{"coverage.blind"});
  EXPECT_EQ(check({heard, deaf}), Names{});
  alert::CoverageEntry unwanted = deaf;
  unwanted.exe = "/opt/private";
  unwanted.in_scope = false;
  EXPECT_EQ(check({heard, unwanted}), Names{});
}

TEST_F(SelfMonitorTest, TellsOfLossWhenItGrows) {
  EXPECT_EQ(check({}), Names{});
  counters_.add(Count::kBytesLostRingFull, 100);
  EXPECT_EQ(check({}), Names{"sensor.health"});
  EXPECT_EQ(check({}), Names{});
  counters_.add(Count::kSpoolDropped);
  EXPECT_EQ(check({}), Names{"sensor.health"});
}

TEST_F(SelfMonitorTest, TellsOfSilentProbesUntilTheyAreHeardAgain) {
  size_t alerts = 0;
  const auto count = [&](alert::Alert&&) { ++alerts; };
  monitor_.on_self_test("", WallTime(), count);
  EXPECT_EQ(alerts, 0u);
  monitor_.on_self_test("nothing came", WallTime(), count);
  monitor_.on_self_test("nothing came", WallTime(), count);
  EXPECT_EQ(alerts, 1u);
  monitor_.on_self_test("", WallTime(), count);
  monitor_.on_self_test("nothing came", WallTime(), count);
  EXPECT_EQ(alerts, 2u);
}

}  // namespace
}  // namespace sonde::app
