#include "agent/sink/spool.h"

#include <algorithm>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/sink/temporary_directory.h"

namespace sonde::sink {
namespace {

using detect::Severity;

class SpoolTest : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    spool_.reset();
    auto opened = Spool::open(config_, counters_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    spool_ = std::move(*opened);
  }
  Status add(Severity severity, const std::string& text) {
    return spool_->append({{Record{RecordKind::kAlert, severity, text}}});
  }
  // About 1 KiB each, numbered, a hundred at a time.
  void add_many(Severity severity, int number, const std::string& name) {
    std::vector<Record> records;
    for (int i = 0; i < number; ++i) {
      records.push_back(
          {RecordKind::kAlert, severity, fmt::format("{} {} {}", name, i, std::string(1000, '.'))});
      if (records.size() < 100 && i + 1 < number) continue;
      ASSERT_TRUE(spool_->append(records).ok());
      records.clear();
    }
  }
  static auto count(const std::vector<std::string>& texts, const std::string& name) {
    return std::count_if(texts.begin(), texts.end(),
                         [&](const std::string& text) { return text.starts_with(name + " "); });
  }
  std::vector<std::string> all() {
    const auto batch = spool_->take(1'000'000, 1 << 30);
    EXPECT_TRUE(batch.ok());
    std::vector<std::string> texts;
    for (const Record& record : batch->records) texts.push_back(record.json);
    return texts;
  }
  std::string only_segment() {
    std::string found;
    for (const auto& entry : std::filesystem::directory_iterator(config_.directory)) {
      if (entry.path().extension() == ".spool") found = entry.path().string();
    }
    return found;
  }
  using Texts = std::vector<std::string>;

  TemporaryDirectory directory_;
  SpoolConfig config_{directory_.path() + "/spool", 1 << 20};
  Counters counters_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(SpoolTest, WhatMattersMostComesFirstAndOldestFirstInEach) {
  ASSERT_TRUE(spool_->append({{Record{RecordKind::kHeartbeat, {}, "beat"}}}).ok());
  ASSERT_TRUE(add(Severity::kLow, "low 1").ok());
  ASSERT_TRUE(add(Severity::kCritical, "critical").ok());
  ASSERT_TRUE(add(Severity::kLow, "low 2").ok());
  EXPECT_EQ(all(), (Texts{"critical", "low 1", "low 2", "beat"}));
  reopen();
  EXPECT_EQ(all(), (Texts{"critical", "low 1", "low 2", "beat"}));
  EXPECT_EQ(spool_->waiting(), 4U);
}

TEST_F(SpoolTest, WhatWasAcknowledgedDoesNotComeBack) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(add(Severity::kLow, std::to_string(i)).ok());
  const auto batch = spool_->take(4, 1 << 20);
  ASSERT_EQ(batch->records.size(), 4U);
  ASSERT_TRUE(spool_->acknowledge(std::span(batch->marks).first(3)).ok());
  EXPECT_EQ(all().front(), "3");
  reopen();
  EXPECT_EQ(all().front(), "3");
  EXPECT_EQ(spool_->waiting(), 7U);
  ASSERT_TRUE(add(Severity::kLow, "new").ok());
  EXPECT_EQ(all().back(), "new");
}

TEST_F(SpoolTest, SequenceNumbersGoOnWhenAllFilesAreGone) {
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(add(Severity::kLow, std::string(40'000, 'x')).ok());
    const auto batch = spool_->take(10, 1 << 20);
    ASSERT_EQ(batch->records.size(), 1U) << round;
    ASSERT_TRUE(spool_->acknowledge(batch->marks).ok());
    EXPECT_EQ(spool_->disk_bytes(), 0U);
    reopen();
  }
}

TEST_F(SpoolTest, ATornTailIsDroppedAndCountedAndTheRestIsKept) {
  ASSERT_TRUE(add(Severity::kLow, "first").ok());
  ASSERT_TRUE(add(Severity::kLow, "second").ok());
  const std::string path = only_segment();
  const auto whole = std::filesystem::file_size(path);
  for (uintmax_t cut = 1; cut <= kEntryHeaderBytes + 5; ++cut) {
    spool_.reset();
    std::filesystem::resize_file(path, whole - cut);
    reopen();
    EXPECT_EQ(all(), Texts{"first"}) << cut;
    ASSERT_TRUE(add(Severity::kLow, "second").ok());
    EXPECT_EQ(all(), (Texts{"first", "second"})) << cut;
    ASSERT_EQ(std::filesystem::file_size(path), whole);
  }
  EXPECT_GE(counters_.value(Count::kSpoolCorrupt), kEntryHeaderBytes + 4);
}

TEST_F(SpoolTest, ADamagedEntryCostsItselfOnly) {
  for (const char* text : {"first", "second", "third"}) ASSERT_TRUE(add(Severity::kLow, text).ok());
  spool_.reset();
  const std::string path = only_segment();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  // The length of the second entry: readers must not trust it.
  file.seekp(kSegmentHeaderBytes + kEntryHeaderBytes + 5 + 10);
  file.put('\x01');
  file.close();
  reopen();
  EXPECT_EQ(all(), (Texts{"first", "third"}));
  EXPECT_EQ(counters_.value(Count::kSpoolCorrupt), 1U);
}

TEST_F(SpoolTest, DamageWhileOpenIsCountedAndNobodyWaitsForIt) {
  ASSERT_TRUE(add(Severity::kLow, "only").ok());
  std::fstream file(only_segment(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(kSegmentHeaderBytes + 6);
  file.put('\x01');
  file.close();
  EXPECT_EQ(all(), Texts{});
  EXPECT_EQ(spool_->waiting(), 0U);
  EXPECT_EQ(counters_.value(Count::kSpoolCorrupt), 1U);
}

TEST_F(SpoolTest, ALostCursorMeansDeliveryAgain) {
  ASSERT_TRUE(add(Severity::kLow, "again").ok());
  const auto batch = spool_->take(1, 1 << 20);
  ASSERT_TRUE(spool_->acknowledge(batch->marks).ok());
  EXPECT_EQ(all(), Texts{});
  std::ofstream(config_.directory + "/cursor") << "nonsense";
  reopen();
  EXPECT_EQ(all(), Texts{"again"});
}

TEST_F(SpoolTest, AForeignFileIsSetAside) {
  spool_.reset();
  std::ofstream(config_.directory + "/3-0000000000000001.spool") << std::string(100, 'x');
  reopen();
  EXPECT_EQ(all(), Texts{});
  EXPECT_TRUE(std::filesystem::exists(config_.directory + "/3-0000000000000001.spool.unreadable"));
}

TEST_F(SpoolTest, FullMeansTheOldestOfTheLowestSeverityGoFirst) {
  add_many(Severity::kHigh, 300, "high");
  add_many(Severity::kLow, 5000, "low");
  EXPECT_LE(spool_->disk_bytes(), config_.max_bytes);
  Texts texts = all();
  EXPECT_EQ(count(texts, "high"), 300);
  EXPECT_TRUE(texts.back().starts_with("low 4999 ")) << "the newest stay";
  EXPECT_GT(texts.size(), 900U) << "no more than needed goes";
  EXPECT_EQ(counters_.value(Count::kSpoolDropped) + texts.size(), 5300U);

  add_many(Severity::kHigh, 2000, "more");
  texts = all();
  EXPECT_EQ(count(texts, "low"), 0) << "what matters more displaces them";
  const auto more = count(texts, "more");
  EXPECT_EQ(counters_.value(Count::kSpoolDropped) + texts.size(), 7300U);

  add_many(Severity::kLow, 2000, "late");
  texts = all();
  EXPECT_EQ(count(texts, "more"), more) << "and is not displaced by them";
  EXPECT_EQ(counters_.value(Count::kSpoolDropped) + texts.size(), 9300U);
  EXPECT_LE(spool_->disk_bytes(), config_.max_bytes);
  EXPECT_EQ(spool_->waiting(), texts.size());
}

TEST_F(SpoolTest, ARecordDroppedWhileItIsOnItsWayIsAcknowledgedWithoutHarm) {
  add_many(Severity::kLow, 900, "low");
  const auto batch = spool_->take(100, 1 << 20);
  add_many(Severity::kHigh, 900, "high");
  ASSERT_TRUE(spool_->acknowledge(batch->marks).ok());
  EXPECT_EQ(spool_->waiting(), all().size());
  reopen();
  EXPECT_EQ(spool_->waiting(), all().size());
}

TEST_F(SpoolTest, TooLongARecordIsDroppedAndCounted) {
  ASSERT_TRUE(add(Severity::kLow, std::string(kMaxEntryBytes + 1, 'x')).ok());
  EXPECT_EQ(counters_.value(Count::kSpoolDropped), 1U);
  EXPECT_EQ(all(), Texts{});
}

TEST_F(SpoolTest, ABatchRespectsItsLimitsAndHoldsAtLeastOne) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(add(Severity::kLow, std::string(1000, 'x')).ok());
  EXPECT_EQ(spool_->take(100, 2500)->records.size(), 2U);
  EXPECT_EQ(spool_->take(100, 10)->records.size(), 1U);
  EXPECT_EQ(spool_->take(3, 1 << 20)->records.size(), 3U);
}

TEST_F(SpoolTest, FilesArePrivate) {
  ASSERT_TRUE(add(Severity::kLow, "x").ok());
  ASSERT_TRUE(spool_->acknowledge({}).ok());
  struct stat status{};
  for (const auto& entry : std::filesystem::directory_iterator(config_.directory)) {
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << entry.path();
  }
  ASSERT_EQ(::stat(config_.directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(SpoolTest, ASecondProcessIsRefused) {
  const auto second = Spool::open(config_, counters_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("in use"), std::string::npos);
}

TEST_F(SpoolTest, ManyThreadsAppendWhileOneTakes) {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(add(static_cast<Severity>(t), fmt::format("{}/{}", t, i)).ok());
      }
    });
  }
  std::vector<std::string> seen;
  while (seen.size() < kThreads * kEach) {
    spool_->wait(std::chrono::seconds(10));
    const auto batch = spool_->take(50, 1 << 20);
    for (const Record& record : batch->records) seen.push_back(record.json);
    ASSERT_TRUE(spool_->acknowledge(batch->marks).ok());
  }
  for (auto& thread : threads) thread.join();
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
  EXPECT_EQ(seen.size(), static_cast<size_t>(kThreads * kEach));
}

}  // namespace
}  // namespace sonde::sink
