#include "agent/alert/records.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/alert/sample.h"

namespace sonde::alert {
namespace {

using nlohmann::json;

TEST(RecordsTest, AnActivityHoldsMetadataAndNoText) {
  const std::string line = make_activity(sample_exchange(), sample_host());
  EXPECT_EQ(line.find("stays here"), std::string::npos);
  EXPECT_EQ(line.find("hidden"), std::string::npos) << "the query of a request may hold a key";
  const json activity = json::parse(line);
  EXPECT_EQ(activity["id"], "0191-x1");
  EXPECT_EQ(activity["start_time"], "2025-11-23T06:40:00.123456Z");
  EXPECT_EQ(activity["gen_ai.usage.input_tokens"], 17);
  EXPECT_EQ(activity["tools"], json::array({"send_mail"}));
  EXPECT_EQ(activity["http"]["path"], "/v1/chat/completions");
}

TEST(RecordsTest, AHeartbeatHoldsEveryCounterAndTheCoverage) {
  Counters counters;
  counters.add(Count::kStreamGaps, 7);
  const std::vector<CoverageEntry> coverage = {
      {7, "/usr/bin/node", "openssl", "3.0", "symbol", true, ""},
      {8, "/bin/x", "rustls", "", "", false, "no pattern"}};
  const json heartbeat = json::parse(make_heartbeat(sample_host(), counters, coverage));
  EXPECT_EQ(heartbeat["counters"].size(), kCounterCount);
  EXPECT_EQ(heartbeat["counters"]["stream_gaps"], 7);
  EXPECT_EQ(heartbeat["coverage"][1]["reason"], "no pattern");
  EXPECT_EQ(heartbeat["coverage"][0]["covered"], true);
}

TEST(RecordsTest, CoverageIsBounded) {
  const std::vector<CoverageEntry> coverage(10'000);
  EXPECT_EQ(json::parse(make_heartbeat(sample_host(), Counters(), coverage))["coverage"].size(),
            4096U);
}

}  // namespace
}  // namespace sonde::alert
