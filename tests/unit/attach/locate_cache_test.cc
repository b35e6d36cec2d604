#include "agent/attach/locate_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/attach/locate_json.h"
#include "agent/attach/report_codec.h"
#include "tests/unit/attach/elf_fixture.h"

namespace sonde::attach {
namespace {

class LocateCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "locate_cache_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    library_ = folder_ / "library.so";
    std::filesystem::copy_file(fixture("returns_x86_64.so"), library_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::filesystem::path library_;
};

TEST_F(LocateCacheTest, TheSecondAnswerIsTheSameObject) {
  LocateCache cache;
  const auto first = cache.locate(library_);
  const auto second = cache.locate(library_);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first->get(), second->get());
  EXPECT_EQ(cache.statistics().hits, 1u);
}

TEST_F(LocateCacheTest, AChangedFileIsSearchedAgain) {
  LocateCache cache;
  ASSERT_TRUE(cache.locate(library_).ok());
  std::filesystem::remove(library_);
  std::filesystem::copy_file(fixture("returns_aarch64.so"), library_);
  const auto after = cache.locate(library_);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ((*after)->machine, "arm64");
  EXPECT_EQ(cache.statistics().hits, 0u);
}

TEST_F(LocateCacheTest, TheFolderOutlivesTheCache) {
  std::string before;
  {
    LocateCache cache(8, folder_ / "kept");
    before = to_json(library_, **cache.locate(library_));
  }
  LocateCache cache(8, folder_ / "kept");
  EXPECT_EQ(to_json(library_, **cache.locate(library_)), before);
  EXPECT_EQ(cache.statistics().hits, 1u);
}

TEST_F(LocateCacheTest, TheFolderDoesNotGrowForEver) {
  const auto folder = folder_ / "kept";
  for (int i = 0; i < 20; ++i) {
    LocateCache cache(4, folder);
    std::filesystem::remove(library_);
    std::filesystem::copy_file(fixture("returns_x86_64.so"), library_);
    ASSERT_TRUE(cache.locate(library_).ok());
  }
  const auto files = std::distance(std::filesystem::directory_iterator(folder), {});
  EXPECT_LE(files, 5);
}

TEST_F(LocateCacheTest, AFolderOthersCanWriteIsNotTrusted) {
  const std::filesystem::path open = folder_ / "open";
  std::filesystem::create_directory(open);
  std::filesystem::permissions(open, std::filesystem::perms::all);
  LocateCache cache(8, open);
  ASSERT_TRUE(cache.locate(library_).ok());
  EXPECT_TRUE(std::filesystem::is_empty(open));
}

TEST_F(LocateCacheTest, TheLeastRecentlyUsedGoesFirst) {
  const std::filesystem::path other = folder_ / "other.so";
  std::filesystem::copy_file(fixture("returns_aarch64.so"), other);
  LocateCache cache(1);
  ASSERT_TRUE(cache.locate(library_).ok());
  ASSERT_TRUE(cache.locate(other).ok());
  ASSERT_TRUE(cache.locate(library_).ok());
  EXPECT_EQ(cache.statistics().hits, 0u);
}

TEST_F(LocateCacheTest, DamagedTextIsNoReport) {
  const auto report = locate(library_);
  ASSERT_TRUE(report.ok());
  const std::string text = encode_report(*report);
  ASSERT_TRUE(decode_report(text).has_value());
  for (size_t size = 0; size < text.size(); size += 7) {
    EXPECT_FALSE(decode_report(text.substr(0, size)).has_value());
  }
  EXPECT_FALSE(decode_report(R"({"version":0})").has_value());
  std::string unknown = text;
  const size_t at = unknown.find("\"function\":");
  ASSERT_NE(at, std::string::npos);
  unknown.replace(at, 11, "\"function\":9");
  EXPECT_FALSE(decode_report(unknown).has_value());
}

}  // namespace
}  // namespace sonde::attach
