#include "agent/sink/file_sink.h"

#include <array>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/sink/temporary_directory.h"

namespace sonde::sink {
namespace {

using Lines = std::vector<std::string>;

Record alert(const std::string& json) { return {RecordKind::kAlert, detect::Severity::kLow, json}; }

class FileSinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<FileSink> make(uint64_t max_bytes, size_t files) {
    auto sink = FileSink::create({path_, max_bytes, files, true}, counters_);
    EXPECT_TRUE(sink.ok());
    return std::move(*sink);
  }
  static Lines read(const std::string& path) {
    std::ifstream file(path);
    Lines lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/alerts.jsonl";
  Counters counters_;
};

TEST_F(FileSinkTest, AlertsAreLinesOfAPrivateFile) {
  const auto sink = make(1 << 20, 3);
  ASSERT_TRUE(sink->write({{alert("{1}"), Record{RecordKind::kHeartbeat, {}, "{beat}"}}}).ok());
  ASSERT_TRUE(sink->write({{alert("{2}")}}).ok());
  EXPECT_EQ(read(path_), (Lines{"{1}", "{2}"}));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(counters_.value(Count::kSinkDelivered), 2U);
}

TEST_F(FileSinkTest, RotationKeepsSoManyFilesAndNoLineIsCut) {
  const auto sink = make(20, 3);
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(sink->write({{alert("{line " + std::to_string(i) + "}")}}).ok());
  }
  EXPECT_EQ(read(path_), (Lines{"{line 6}", "{line 7}"}));
  EXPECT_EQ(read(path_ + ".1"), (Lines{"{line 4}", "{line 5}"}));
  EXPECT_EQ(read(path_ + ".2"), (Lines{"{line 2}", "{line 3}"}));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3"));
}

TEST_F(FileSinkTest, ALineAboveTheLimitStandsAlone) {
  const auto sink = make(10, 2);
  ASSERT_TRUE(sink->write({{alert("a"), alert(std::string(50, 'b')), alert("c")}}).ok());
  EXPECT_EQ(read(path_), Lines{"c"});
  EXPECT_EQ(read(path_ + ".1"), Lines{std::string(50, 'b')});
}

TEST_F(FileSinkTest, AFileThatWasMovedAwayIsMadeAnew) {
  const auto sink = make(1 << 20, 3);
  ASSERT_TRUE(sink->write({{alert("1")}}).ok());
  std::filesystem::rename(path_, path_ + ".moved");
  ASSERT_TRUE(sink->write({{alert("2")}}).ok());
  EXPECT_EQ(read(path_), Lines{"2"});
  EXPECT_EQ(read(path_ + ".moved"), Lines{"1"});
}

TEST_F(FileSinkTest, AnAppendToAnEarlierRunsFileCountsItsSize) {
  ASSERT_TRUE(make(20, 2)->write({{alert("0123456789")}}).ok());
  ASSERT_TRUE(make(20, 2)->write({{alert("abcdefghij")}}).ok());
  EXPECT_EQ(read(path_), Lines{"abcdefghij"});
  EXPECT_EQ(read(path_ + ".1"), Lines{"0123456789"});
}

TEST_F(FileSinkTest, APathThatCannotBeWrittenIsAnError) {
  EXPECT_FALSE(FileSink::create({directory_.path() + "/no/x", 1, 1, true}, counters_).ok());
  ASSERT_EQ(::symlink("/dev/null", path_.c_str()), 0);
  EXPECT_FALSE(FileSink::create({path_, 1, 1, true}, counters_).ok()) << "a link leads elsewhere";
}

TEST(StreamSinkTest, WritesLinesToItsDescriptor) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  Counters counters;
  StreamSink sink("stdout", pipe[1], true, counters);
  ASSERT_TRUE(sink.write({{alert("1"), Record{RecordKind::kActivity, {}, "no"}, alert("2")}}).ok());
  std::array<char, 16> text{};
  EXPECT_EQ(::read(pipe[0], text.data(), text.size()), 4);
  EXPECT_STREQ(text.data(), "1\n2\n");
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace
}  // namespace sonde::sink
