#include "agent/attach/probed_files.h"

#include <gtest/gtest.h>

namespace sonde::attach {
namespace {

using std::chrono::minutes;

constexpr auto kNowhere = [](const ProbedFiles::Stale&) { return false; };
constexpr auto kInPlace = [](const ProbedFiles::Stale&) { return true; };

struct stat file_of(uint64_t inode, int64_t written, int64_t changed) {
  struct stat file{};
  file.st_dev = 0x801;
  file.st_ino = inode;
  file.st_mtim.tv_sec = written;
  file.st_ctim.tv_sec = changed;
  return file;
}

class ProbedFilesTest : public testing::Test {
 protected:
  ProbedFiles::Clock::time_point start_ = ProbedFiles::Clock::now();
  ProbedFiles files_;

  void SetUp() override { files_.add(file_of(7, 100, 100), "/lib/libssl.so", {1, 2}, start_); }
};

TEST_F(ProbedFilesTest, AFileThatWasUnlinkedIsTheSameFile) {
  EXPECT_TRUE(files_.sees(file_of(7, 100, 500), start_));
}

TEST_F(ProbedFilesTest, AFileThatWasWrittenToIsAnother) {
  EXPECT_FALSE(files_.sees(file_of(7, 101, 101), start_));
}

TEST_F(ProbedFilesTest, AnotherInodeIsAnotherFile) {
  EXPECT_FALSE(files_.sees(file_of(8, 100, 100), start_));
}

TEST_F(ProbedFilesTest, AFileThatIsGoneAndUnusedLosesItsProbes) {
  EXPECT_TRUE(files_.take_stale(start_ + minutes(4), kNowhere).empty());
  const auto stale = files_.take_stale(start_ + minutes(6), kNowhere);
  ASSERT_EQ(stale.size(), 1u);
  EXPECT_EQ(stale[0].targets, (std::vector<uint32_t>{1, 2}));
  EXPECT_FALSE(files_.sees(file_of(7, 100, 100), start_ + minutes(6)));
}

TEST_F(ProbedFilesTest, AFileInItsPlaceWaitsForItsNextProcess) {
  EXPECT_TRUE(files_.take_stale(start_ + minutes(600), kInPlace).empty());
}

TEST_F(ProbedFilesTest, AFileThatAProcessStillMapsKeepsItsProbes) {
  const auto device = device_of(file_of(7, 100, 100));
  files_.saw_mapping(device, 7, start_ + minutes(5));
  EXPECT_TRUE(files_.take_stale(start_ + minutes(9), kNowhere).empty());
  EXPECT_EQ(files_.take_stale(start_ + minutes(11), kNowhere).size(), 1u);
}

}  // namespace
}  // namespace sonde::attach
