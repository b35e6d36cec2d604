// The files that hold probes: which of them nobody uses any more, and which only look like new
// ones.
//
// A probe keeps its file's inode from being reused, so that the same device and inode are the same
// file even after it was unlinked (which changes its ctime). Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace sonde::attach {

// A device as ProcFs reads it out of /proc/PID/maps.
uint64_t device_of(const struct stat& file);

class ProbedFiles {
 public:
  using Clock = std::chrono::steady_clock;
  // How long a file that is no more in its place is kept after its last process.
  static constexpr std::chrono::minutes kPatience{5};

  // True when it holds probes and has not been written to since; it is in use now.
  bool sees(const struct stat& file, Clock::time_point now);
  // A process has it mapped, by the numbers of /proc/PID/maps (see device_of()): counts as use also
  // where the file cannot be opened any more.
  void saw_mapping(uint64_t device, uint64_t inode, Clock::time_point now);
  // It holds the probes of these targets now, besides others that it may have already.
  void add(const struct stat& file, std::string path, std::vector<uint32_t> targets,
           Clock::time_point now);

  struct Stale {
    uint64_t device = 0;
    uint64_t inode = 0;
    std::string path;
    std::vector<uint32_t> targets;
  };
  // Takes out those that no process was seen to use for long, and that `in_place` denies to be
  // where they were found: a library that waits for its next process keeps its probes.
  using InPlace = std::function<bool(const Stale&)>;
  std::vector<Stale> take_stale(Clock::time_point now, const InPlace& in_place);

 private:
  struct File {
    std::string path;
    std::vector<uint32_t> targets;
    int64_t written_ns = 0;
    Clock::time_point last_seen;
  };
  std::map<std::pair<uint64_t, uint64_t>, File> files_;  // by device and inode
};

}  // namespace sonde::attach
