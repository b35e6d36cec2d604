#include "agent/app/service/metrics.h"

#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde::app {
namespace {

using ::testing::HasSubstr;

TEST(MetricsTest, EveryCounterIsThereOnceWithTypeAndHelp) {
  Counters counters;
  counters.add(Count::kSpoolDropped, 7);
  std::istringstream text(render_openmetrics(counters, {}));
  std::set<std::string> samples;
  std::string line;
  size_t types = 0;
  std::string last;
  while (std::getline(text, line)) {
    last = line;
    if (line.starts_with("# TYPE ")) ++types;
    if (line.starts_with("#")) continue;
    EXPECT_TRUE(samples.insert(line.substr(0, line.find(' '))).second) << line;
    if (line.starts_with("sonde_spool_dropped_total")) {
      EXPECT_EQ(line, "sonde_spool_dropped_total 7");
    }
  }
  EXPECT_EQ(samples.size(), kCounterCount);
  EXPECT_EQ(types, kCounterCount);
  EXPECT_EQ(last, "# EOF");
}

TEST(MetricsTest, SamplesOfOneFamilyShareItsHeadAndLabelsAreEscaped) {
  const std::vector<Metric> metrics = {
      {Metric::Type::kGauge, "sonde_processes", "Seen", 2, {{"covered", "true"}}},
      {Metric::Type::kGauge, "sonde_processes", "Seen", 0.5, {{"covered", "a\"b\\c\nd"}}},
      {Metric::Type::kInfo, "sonde_build", "Version", 0, {{"version", "1"}}},
  };
  EXPECT_THAT(render_openmetrics(Counters(), metrics),
              HasSubstr("# TYPE sonde_processes gauge\n# HELP sonde_processes Seen\n"
                        "sonde_processes{covered=\"true\"} 2\n"
                        "sonde_processes{covered=\"a\\\"b\\\\c\\nd\"} 0.5\n"
                        "# TYPE sonde_build info\n# HELP sonde_build Version\n"
                        "sonde_build_info{version=\"1\"} 1\n# EOF\n"));
}

TEST(MetricsTest, WhatIsNotHeardAndWhatWaitsIsTold) {
  const std::string text =
      render_openmetrics(Counters(), service_metrics({3, 2, {{"collector", 5, 7, 1, 0}}}));
  EXPECT_THAT(text, HasSubstr("\nsonde_processes{heard=\"true\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("\nsonde_processes{heard=\"false\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\nsonde_delivery_waiting{sink=\"collector\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("\nsonde_delivery_delivered_total{sink=\"collector\"} 7\n"));
}

TEST(MetricsTest, TheProcessKnowsWhatItUses) {
  for (const Metric& metric : process_metrics("sonde", "9")) {
    if (metric.type != Metric::Type::kInfo) {
      EXPECT_GT(metric.value, 0) << metric.name;
    }
  }
}

}  // namespace
}  // namespace sonde::app
