#include "agent/attach/stdio_watch.h"

#include <array>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sonde::attach {
namespace {

// Two descriptors of one channel; closed at the end of the test.
struct Ends {
  std::array<int, 2> fds{-1, -1};
  ~Ends() {
    for (const int fd : fds) close_end(fd);
  }
  static void close_end(int fd) {
    if (fd >= 0) close(fd);
  }
};

// A child whose standard input and output are these, until the test is over.
class Child {
 public:
  Child(int input, int output) : pid_(fork()) {
    if (pid_ != 0) return;
    dup2(input, 0);
    dup2(output, 1);
    for (int fd = 3; fd < 256; ++fd) close(fd);
    pause();
    _exit(0);
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  uint32_t pid() const { return static_cast<uint32_t>(pid_); }

 private:
  pid_t pid_;
};

class StdioWatchTest : public testing::Test {
 protected:
  // The child has to have arranged its descriptors: it says so by having closed the others.
  std::optional<std::vector<uint32_t>> clients_of(const Child& child) const {
    const std::string marker = "/proc/" + std::to_string(child.pid()) + "/fd/";
    while (access((marker + std::to_string(kMarker)).c_str(), F_OK) == 0) usleep(100);
    return watch_.clients_of(child.pid());
  }

  void SetUp() override { ASSERT_EQ(dup2(0, kMarker), kMarker); }
  void TearDown() override { close(kMarker); }

  static constexpr int kMarker = 255;
  StdioProbe probe_{nullptr, -1, -1};
  StdioWatch watch_{probe_};
};

bool names_this_process(const std::optional<std::vector<uint32_t>>& clients) {
  const auto self = static_cast<uint32_t>(getpid());
  return clients && !clients->empty() && clients->front() == self;
}

TEST_F(StdioWatchTest, WhoHoldsTheOtherEndsOfAChildsPipesIsItsClient) {
  Ends input;
  Ends output;
  ASSERT_EQ(pipe(input.fds.data()), 0);
  ASSERT_EQ(pipe(output.fds.data()), 0);
  const Child child(input.fds[0], output.fds[1]);
  EXPECT_TRUE(names_this_process(clients_of(child)));
}

TEST_F(StdioWatchTest, LocalSocketsAreAsGoodAsPipes) {
  Ends input;
  Ends output;
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, input.fds.data()), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, output.fds.data()), 0);
  const Child child(input.fds[0], output.fds[0]);
  EXPECT_TRUE(names_this_process(clients_of(child)));
}

TEST_F(StdioWatchTest, AStageOfAPipelineIsNoServer) {
  Ends input;
  Ends output;
  ASSERT_EQ(pipe(input.fds.data()), 0);
  ASSERT_EQ(pipe(output.fds.data()), 0);
  const Child child(input.fds[0], output.fds[1]);
  for (Ends* ends : {&input, &output}) {
    for (int& fd : ends->fds) Ends::close_end(std::exchange(fd, -1));
  }
  EXPECT_FALSE(clients_of(child));
}

TEST_F(StdioWatchTest, AFileAsStandardInputIsNoServer) {
  Ends output;
  ASSERT_EQ(pipe(output.fds.data()), 0);
  Ends file;
  file.fds[0] = open("/dev/null", O_RDONLY);
  const Child child(file.fds[0], output.fds[1]);
  EXPECT_FALSE(clients_of(child));
}

TEST_F(StdioWatchTest, AProcessThatIsGoneIsNoServer) {
  EXPECT_FALSE(watch_.clients_of(0xffffffff));
}

}  // namespace
}  // namespace sonde::attach
