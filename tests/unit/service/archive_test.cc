#include "agent/app/service/archive.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "agent/app/service/child.h"
#include "tests/unit/sink/temporary_directory.h"

namespace sonde::app {
namespace {

TEST(ArchiveTest, TarReadsWhatWasWritten) {
  const sink::TemporaryDirectory directory;
  const std::string path = directory.path() + "/a.tar.gz";
  {
    auto archive = Archive::create(path);
    ASSERT_TRUE(archive.ok()) << archive.error().message;
    ASSERT_TRUE(archive->add("d/empty", "", 0).ok());
    ASSERT_TRUE(archive->add("d/block", std::string(512, 'b'), 1'700'000'000).ok());
    ASSERT_TRUE(archive->add("d/odd", std::string(1000, 'o'), 1'700'000'000).ok());
    ASSERT_TRUE(archive->finish().ok());
  }
  EXPECT_FALSE(Archive::create(path).ok()) << "nothing is overwritten";
  const ChildOutput output =
      run_child({"tar", "-xzvf", path, "-C", directory.path()}, std::chrono::seconds(20), 1 << 16);
  EXPECT_EQ(output.exit_code, 0) << output.text;
  EXPECT_EQ(output.text, "d/empty\nd/block\nd/odd\n");
  EXPECT_EQ(std::filesystem::file_size(directory.path() + "/d/empty"), 0U);
  EXPECT_EQ(std::filesystem::file_size(directory.path() + "/d/block"), 512U);
  std::ifstream file(directory.path() + "/d/odd");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), std::string(1000, 'o'));
}

TEST(ChildTest, OutputIsKeptCutAndTheExitCodeTold) {
  const ChildOutput both =
      run_child({"sh", "-c", "echo a; echo b >&2; exit 3"}, std::chrono::seconds(20), 100);
  EXPECT_TRUE(both.started);
  EXPECT_EQ(both.exit_code, 3);
  EXPECT_EQ(both.text, "a\nb\n");
  const ChildOutput cut =
      run_child({"sh", "-c", "head -c 300000 /dev/zero"}, std::chrono::seconds(20), 10);
  EXPECT_EQ(cut.exit_code, 0);
  EXPECT_EQ(cut.text.size(), 10U);
  EXPECT_FALSE(run_child({"/no/such/program"}, std::chrono::seconds(1), 10).started);
}

TEST(ChildTest, AfterTheDeadlineItIsKilled) {
  const ChildOutput output = run_child({"sleep", "600"}, std::chrono::seconds(1), 10);
  EXPECT_TRUE(output.started);
  EXPECT_EQ(output.exit_code, -1);
}

}  // namespace
}  // namespace sonde::app
