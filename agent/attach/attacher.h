// Keeps probes on every TLS stack in use: at start those on disk and in running processes, then
// whatever is mapped executable (ExecTrigger), and a sweep that makes up for missed triggers.
//
// Owns two threads: one for mappings whose first call may come any moment, one for all that can
// wait. What they learn is told as records in the event stream (include/sonde/abi.h), so a
// recording replays without this host's /proc.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <sys/stat.h>

#include "agent/attach/exec_trigger.h"
#include "agent/attach/locate_cache.h"
#include "agent/attach/probe_set.h"
#include "agent/attach/probed_files.h"
#include "agent/attach/proc_fs.h"
#include "agent/attach/stdio_watch.h"
#include "agent/base/bytes.h"
#include "agent/base/counters.h"

namespace sonde::attach {

// Why a file with a TLS stack is heard, or is not.
struct CoverageEntry {
  std::string path;
  std::string tls;         // openssl, boringssl, ...
  std::string located_by;  // symbol, xref, ...
  std::string version;
  size_t probes = 0;
  std::string reason;  // empty: heard
  // As /proc/PID/maps tells the file, to find the processes that have it mapped.
  uint64_t device = 0;
  uint64_t inode = 0;
};

struct AttacherOptions {
  // Where this host's files are seen, without '/' at its end: empty, or "/proc/1/root" in a
  // container with the host's processes.
  std::string host_root;
  // Called from the attacher's threads for each process that is told and not in the root cgroup,
  // after its record. Must not block. Whoever takes this answers with a sonde_container_record.
  std::function<void(const CgroupMembership&)> on_cgroup;
};

class Attacher {
 public:
  // Called from the attacher's threads and from start() with one whole record.
  using RecordSink = std::function<void(Bytes)>;

  Attacher(ProbeSet& probes, LocateCache& cache, Counters& counters, RecordSink sink,
           AttacherOptions options = {});
  ~Attacher();
  Attacher(const Attacher&) = delete;
  Attacher& operator=(const Attacher&) = delete;

  // Attaches to what is there, then starts to follow what comes. Returns when listening.
  Status start();
  void stop();

  // Shown every record of the ring, from its reader's thread: who speaks through a socket without
  // a TLS stack is told of by nothing else.
  void on_ring_record(Bytes record);

  std::vector<CoverageEntry> coverage() const;
  // start() looks at the files that matter most; true when the first full sweep is over as well.
  bool wait_until_swept(std::chrono::milliseconds timeout) const;

 private:
  // A file as long as it is the same file: device, inode, ctime.
  using FileKey = std::tuple<uint64_t, uint64_t, int64_t>;

  enum class Known : uint8_t {
    kBusy,  // another thread is looking at it
    kNoStack,
    kStack,  // and probes on it
  };
  // A file to look at when there is time.
  struct Later {
    uint32_t tgid = 0;
    std::filesystem::path file;
    std::string shown_path;
  };

  static FileKey key_of(const struct stat& info);

  void attach_ahead();
  void sweep_urgent();
  void fill_backlog();
  void follow(const std::stop_token& stop);
  void sweep(const std::stop_token& stop);
  std::optional<Later> next_of_backlog(const std::stop_token& stop);
  void on_mapping(const ExecMapping& mapping);
  bool consider(const std::filesystem::path& file, const std::string& shown_path);
  std::optional<Known> claim(const struct stat& file);
  std::optional<std::vector<uint32_t>> attach_targets(const std::filesystem::path& file,
                                                      const CoverageEntry& entry,
                                                      const LocateReport& report);
  void detach_stale();
  void note(CoverageEntry entry);
  void ask(std::vector<uint32_t>& questions, uint32_t tgid);
  void hear_stdio_of(uint32_t tgid);
  void tell_fixed_targets();
  void tell_who_was_asked_for();
  void tell_target(uint32_t id, const TlsTarget& target, const std::string& path);
  void tell_process(uint32_t tgid);

  ProbeSet& probes_;
  LocateCache& cache_;
  Counters& counters_;
  RecordSink sink_;
  AttacherOptions options_;
  ProcFs proc_;
  StdioWatch stdio_;  // of start(), then of the follower's thread
  std::unique_ptr<ExecTrigger> trigger_;
  std::atomic<uint32_t> next_target_{1};

  mutable std::mutex mutex_;              // guards all that follows but the threads
  std::map<FileKey, Known> known_files_;  // those that hold no probes
  ProbedFiles probed_;
  std::set<uint32_t> told_processes_;
  std::vector<uint32_t> asked_processes_;
  std::vector<uint32_t> asked_servers_;
  std::deque<Later> backlog_;
  std::condition_variable_any backlog_filled_;
  mutable std::condition_variable swept_changed_;
  bool swept_ = false;
  std::vector<CoverageEntry> coverage_;
  std::jthread sweeper_;
  std::jthread follower_;
};

}  // namespace sonde::attach
