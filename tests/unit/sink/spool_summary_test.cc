#include "agent/sink/spool_summary.h"

#include <fstream>

#include <gtest/gtest.h>

#include "agent/sink/spool.h"
#include "tests/unit/sink/temporary_directory.h"

namespace sonde::sink {
namespace {

using detect::Severity;

TEST(SpoolSummaryTest, CountsWhatWaitsWhileAnAgentHasTheSpool) {
  const TemporaryDirectory directory;
  Counters counters;
  const std::string path = directory.path() + "/spool";
  const auto spool = Spool::open({path, 1 << 20}, counters);
  ASSERT_TRUE(spool.ok()) << spool.error().message;
  ASSERT_TRUE((*spool)
                  ->append({{{RecordKind::kAlert, Severity::kHigh, "{\"n\":1}"},
                             {RecordKind::kAlert, Severity::kHigh, "{\"n\":2}"},
                             {RecordKind::kActivity, Severity::kInformational, "{\"n\":3}"}}})
                  .ok());
  const auto batch = (*spool)->take(1, 1 << 20);
  ASSERT_TRUE(batch.ok());
  ASSERT_TRUE((*spool)->acknowledge(batch->marks).ok());

  std::vector<std::string> waiting;
  const auto summary =
      summarize_spool(path, [&](const EntryView& entry) { waiting.emplace_back(entry.json); });
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->waiting(), 2U);
  EXPECT_EQ(summary->bytes(), (*spool)->disk_bytes());
  EXPECT_EQ(summary->damaged, 0U);
  EXPECT_EQ(waiting, (std::vector<std::string>{"{\"n\":3}", "{\"n\":2}"}));
  const size_t high = 1 + static_cast<size_t>(Severity::kHigh);
  EXPECT_EQ(lane_name(high), "high");
  EXPECT_EQ(summary->lanes.at(high).waiting, 1U);
  EXPECT_EQ(summary->lanes.at(high).delivered, 1U);
  EXPECT_EQ(summary->lanes.at(0).waiting, 1U);
}

TEST(SpoolSummaryTest, DamageIsCountedAndTheRestStillRead) {
  const TemporaryDirectory directory;
  Counters counters;
  const std::string path = directory.path() + "/spool";
  {
    const auto spool = Spool::open({path, 1 << 20}, counters);
    ASSERT_TRUE(spool.ok());
    ASSERT_TRUE((*spool)
                    ->append({{{RecordKind::kActivity, {}, "{\"n\":1}"},
                               {RecordKind::kActivity, {}, "{\"n\":2}"}}})
                    .ok());
  }
  std::fstream segment(segment_path(path, 0, 1), std::ios::in | std::ios::out | std::ios::binary);
  ASSERT_TRUE(segment.good());
  segment.seekp(static_cast<std::streamoff>(kSegmentHeaderBytes + kEntryHeaderBytes + 2));
  segment << 'X';
  segment.close();
  std::ofstream(path + "/0-x.spool") << std::string(64, 'z');
  const auto summary = summarize_spool(path);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->waiting(), 1U);
  EXPECT_EQ(summary->damaged, 2U);
  EXPECT_FALSE(summarize_spool(path + "/none").ok());
}

}  // namespace
}  // namespace sonde::sink
