// SIGKILL at any moment: what append() answered for is delivered, and not more than a batch comes
// twice for each kill.
#include <csignal>
#include <map>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/sink/spool.h"
#include "tests/unit/sink/temporary_directory.h"

namespace sonde::sink {
namespace {

constexpr int kKills = 80;
constexpr size_t kBatch = 16;

struct Report {
  char what;  // 's': spooled, 'd': delivered
  uint32_t number;
};

// Appends numbers from `first` on, and delivers them, until it is killed. Reports are single writes
// of a few bytes to a pipe: whole or not there at all.
[[noreturn]] void run_child(const SpoolConfig& config, uint32_t first, int pipe) {
  Counters counters;
  auto spool = Spool::open(config, counters);
  if (!spool.ok()) ::_exit(3);
  std::thread deliver([&] {
    for (;;) {
      (*spool)->wait(std::chrono::seconds(1));
      const auto batch = (*spool)->take(kBatch, 1 << 20);
      if (!batch.ok()) ::_exit(4);
      for (const Record& record : batch->records) {
        const Report report{'d', static_cast<uint32_t>(std::stoul(record.json))};
        if (::write(pipe, &report, sizeof(report)) != sizeof(report)) ::_exit(5);
      }
      if (!(*spool)->acknowledge(batch->marks).ok()) ::_exit(6);
    }
  });
  for (uint32_t number = first;; ++number) {
    const auto severity = static_cast<detect::Severity>(number % 5);
    const Record record{RecordKind::kAlert, severity,
                        fmt::format("{:0{}}", number, 8 + number % 300)};
    if (!(*spool)->append({&record, 1}).ok()) ::_exit(7);
    const Report report{'s', number};
    if (::write(pipe, &report, sizeof(report)) != sizeof(report)) ::_exit(8);
  }
}

struct Tally {
  std::map<uint32_t, int> spooled;
  std::map<uint32_t, int> delivered;

  void read_from(int pipe) {
    Report report{};
    while (::read(pipe, &report, sizeof(report)) == sizeof(report)) {
      ++(report.what == 's' ? spooled : delivered)[report.number];
    }
  }
  uint32_t next() const {
    const uint32_t last = spooled.empty() ? 0 : spooled.rbegin()->first;
    return std::max(last, delivered.empty() ? 0 : delivered.rbegin()->first) + 2;
  }
};

void run_and_kill(const SpoolConfig& config, std::chrono::microseconds after, Tally& tally) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::close(pipe[0]);
    run_child(config, tally.next(), pipe[1]);
  }
  ::close(pipe[1]);
  std::thread killer([pid, after] {
    std::this_thread::sleep_for(after);
    ::kill(pid, SIGKILL);
  });
  tally.read_from(pipe[0]);
  killer.join();
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  ::close(pipe[0]);
}

TEST(SpoolKillTest, NothingSpooledIsLostByEightyKills) {
  TemporaryDirectory directory;
  const SpoolConfig config{directory.path() + "/spool", 64 << 20};
  std::mt19937 random(20261123);
  std::uniform_int_distribution<int> microseconds(500, 40'000);
  Tally tally;
  for (int kill = 0; kill < kKills; ++kill) {
    run_and_kill(config, std::chrono::microseconds(microseconds(random)), tally);
    if (HasFatalFailure()) return;
  }
  Counters counters;
  auto spool = Spool::open(config, counters);
  ASSERT_TRUE(spool.ok()) << spool.error().message;
  while ((*spool)->waiting() > 0) {
    const auto batch = (*spool)->take(kBatch, 1 << 20);
    for (const Record& record : batch->records) ++tally.delivered[std::stoul(record.json)];
    ASSERT_TRUE((*spool)->acknowledge(batch->marks).ok());
  }
  EXPECT_GT(tally.spooled.size(), static_cast<size_t>(kKills)) << "too slow to show anything";
  size_t lost = 0;
  size_t again = 0;
  for (const auto& [number, times] : tally.spooled) lost += tally.delivered.count(number) == 0;
  for (const auto& [number, times] : tally.delivered) again += times - 1;
  EXPECT_EQ(lost, 0U);
  EXPECT_LE(again, kKills * kBatch);
  EXPECT_EQ(counters.value(Count::kSpoolDropped), 0U);
  RecordProperty("spooled", static_cast<int>(tally.spooled.size()));
  RecordProperty("delivered_again", static_cast<int>(again));
  std::printf("spooled %zu, lost %zu, delivered again %zu\n", tally.spooled.size(), lost, again);
}

}  // namespace
}  // namespace sonde::sink
