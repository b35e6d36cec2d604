#include "agent/app/service/child.h"

#include <array>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sonde::app {
namespace {

using Clock = std::chrono::steady_clock;

// Until the end of the output or of time.
void read_all(int descriptor, Clock::time_point end, size_t max_bytes, std::string& text) {
  std::array<char, 8192> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    pollfd waited{descriptor, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waited, 1, static_cast<int>(left.count())) <= 0) return;
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got <= 0) return;
    // What is above the limit is read all the same, so that the child does not hang.
    const size_t room = max_bytes - std::min(max_bytes, text.size());
    text.append(buffer.data(), std::min(room, static_cast<size_t>(got)));
  }
}

int wait_for(pid_t pid, Clock::time_point end) {
  int status = 0;
  for (;;) {
    const pid_t done = ::waitpid(pid, &status, WNOHANG);
    if (done != 0) return done == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (Clock::now() >= end) break;
    ::usleep(10'000);
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, &status, 0);
  return -1;
}

}  // namespace

ChildOutput run_child(const std::vector<std::string>& arguments, std::chrono::seconds deadline,
                      size_t max_bytes) {
  ChildOutput output;
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return output;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  // execve(2) takes char* and changes nothing.
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  output.started = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  if (output.started) {
    const auto end = Clock::now() + deadline;
    read_all(pipe[0], end, max_bytes, output.text);
    output.exit_code = wait_for(pid, end);
  }
  ::close(pipe[0]);
  return output;
}

}  // namespace sonde::app
