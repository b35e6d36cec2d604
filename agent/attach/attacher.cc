#include "agent/attach/attacher.h"

#include <algorithm>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include "agent/attach/usual_files.h"
#include "agent/base/json_record.h"
#include "agent/base/unique_fd.h"

namespace sonde::attach {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kSweepInterval{30};
constexpr int kTriggerWaitMs = 500;
constexpr size_t kMaxKnownFiles = 65536;
constexpr size_t kMaxToldProcesses = 65536;
constexpr size_t kMaxBacklog = 65536;
constexpr int kMaxParents = 16;
constexpr int kSweepNice = 10;
constexpr int kFollowNice = -10;

// Whether a library's name promises a TLS stack; the others wait for a quieter moment.
bool is_urgent(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.find("ssl") != std::string::npos || name.find("gnutls") != std::string::npos ||
         name.find(".so") == std::string::npos;
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Attacher::Attacher(ProbeSet& probes, LocateCache& cache, Counters& counters, RecordSink sink,
                   AttacherOptions options)
    : probes_(probes),
      cache_(cache),
      counters_(counters),
      sink_(std::move(sink)),
      options_(std::move(options)),
      stdio_(probes.stdio()) {}

Attacher::~Attacher() { stop(); }

Status Attacher::start() {
  auto trigger = ExecTrigger::create(counters_);
  if (!trigger.ok()) return tl::unexpected(trigger.error());
  {
    const std::scoped_lock lock(mutex_);
    trigger_ = std::move(*trigger);  // before the sweep: what is mapped meanwhile is not missed
  }
  tell_fixed_targets();
  attach_ahead();
  sweep_urgent();
  fill_backlog();
  for (const uint32_t tgid : proc_.processes()) hear_stdio_of(tgid);
  follower_ = std::jthread([this](const std::stop_token& stop) { follow(stop); });
  sweeper_ = std::jthread([this](const std::stop_token& stop) { sweep(stop); });
  return {};
}

void Attacher::stop() {
  for (std::jthread* thread : {&follower_, &sweeper_}) thread->request_stop();
  for (std::jthread* thread : {&follower_, &sweeper_}) {
    if (thread->joinable()) thread->join();
  }
}

std::vector<CoverageEntry> Attacher::coverage() const {
  const std::scoped_lock lock(mutex_);
  return coverage_;
}

void Attacher::attach_ahead() {
  for (const std::string& file : usual_tls_files(options_.host_root)) {
    consider(file, file.substr(options_.host_root.size()));
  }
}

void Attacher::sweep_urgent() {
  for (const uint32_t tgid : proc_.processes()) {
    bool heard = false;
    for (const MappedFile& file : proc_.executable_mappings(tgid)) {
      if (is_urgent(file.path)) heard |= consider(proc_.open_path(tgid, file), file.path);
    }
    if (heard) tell_process(tgid);
  }
}

void Attacher::fill_backlog() {
  for (const uint32_t tgid : proc_.processes()) {
    for (const MappedFile& file : proc_.executable_mappings(tgid)) {
      const std::scoped_lock lock(mutex_);
      probed_.saw_mapping(file.device, file.inode, ProbedFiles::Clock::now());
      if (backlog_.size() >= kMaxBacklog) return;  // the next sweep comes
      backlog_.push_back({tgid, proc_.open_path(tgid, file), file.path});
    }
  }
}

bool Attacher::wait_until_swept(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return swept_changed_.wait_for(lock, timeout, [this] { return swept_; });
}

// The thread of what cannot wait: a program connects some milliseconds after its start, however
// busy the host is. Little to do, and rarely; where it may not go first (CAP_SYS_NICE), it goes as
// the others.
void Attacher::follow(const std::stop_token& stop) {
  setpriority(PRIO_PROCESS, 0, kFollowNice);
  std::vector<ExecMapping> mappings;
  while (!stop.stop_requested()) {
    mappings.clear();
    trigger_->poll(kTriggerWaitMs, mappings);
    for (const ExecMapping& mapping : mappings) on_mapping(mapping);
    tell_who_was_asked_for();
  }
}

// The thread of what can: looking through a large file takes a good part of a second.
void Attacher::sweep(const std::stop_token& stop) {
  // The calling thread's only (setpriority(2), C library/kernel differences).
  setpriority(PRIO_PROCESS, 0, kSweepNice);
  while (const auto later = next_of_backlog(stop)) {
    if (consider(later->file, later->shown_path)) tell_process(later->tgid);
  }
}

// Waits for work, at most until the next sweep, which is work; nullopt when it is time to stop.
std::optional<Attacher::Later> Attacher::next_of_backlog(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (backlog_.empty() && !stop.stop_requested()) {
    swept_ = true;
    swept_changed_.notify_all();
    if (backlog_filled_.wait_for(lock, stop, kSweepInterval, [this] { return !backlog_.empty(); }))
      break;
    lock.unlock();
    probes_.stdio().stop_if_unused();
    if (!stop.stop_requested()) fill_backlog();
    detach_stale();
    lock.lock();
  }
  if (stop.stop_requested()) return std::nullopt;
  Later later = std::move(backlog_.front());
  backlog_.pop_front();
  return later;
}

void Attacher::on_mapping(const ExecMapping& mapping) {
  const bool program = mapping.path.find(".so") == std::string::npos;
  std::filesystem::path file = proc_.path_in_root(mapping.tgid, mapping.path);
  std::error_code gone;
  // A process that ended meanwhile: its file is probably ours too, and will run again.
  if (!std::filesystem::exists(file, gone)) file = mapping.path;
  if (!is_urgent(mapping.path)) {
    const std::scoped_lock lock(mutex_);
    if (backlog_.size() < kMaxBacklog) {
      backlog_.push_front({mapping.tgid, std::move(file), mapping.path});
    } else {
      counters_.add(Count::kTriggersLost);
    }
    backlog_filled_.notify_one();
    return;
  }
  if (program) {  // an exec gave the process a new identity
    const std::scoped_lock lock(mutex_);
    told_processes_.erase(mapping.tgid);
  }
  if (consider(file, mapping.path)) tell_process(mapping.tgid);
}

Attacher::FileKey Attacher::key_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_ctim.tv_sec * 1'000'000'000 + info.st_ctim.tv_nsec};
}

// What is known of the file; nullopt: nothing, and it is now the caller's to look at.
std::optional<Attacher::Known> Attacher::claim(const struct stat& file) {
  const FileKey key = key_of(file);
  const std::scoped_lock lock(mutex_);
  if (probed_.sees(file, ProbedFiles::Clock::now())) return Known::kStack;
  if (const auto known = known_files_.find(key); known != known_files_.end()) return known->second;
  if (known_files_.size() >= kMaxKnownFiles) {
    std::erase_if(known_files_, [](const auto& known) { return known.second != Known::kBusy; });
  }
  known_files_[key] = Known::kBusy;
  return std::nullopt;
}

// True when the file holds a TLS stack, or may: another thread is looking at it.
bool Attacher::consider(const std::filesystem::path& file, const std::string& shown_path) {
  const UniqueFd opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info{};
  if (!opened.valid() || fstat(opened.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  const FileKey key = key_of(info);
  if (const auto known = claim(info)) return *known != Known::kNoStack;

  // By the descriptor from here on: the process, and its root with it, may be gone any moment.
  const std::filesystem::path stable = fmt::format("/proc/self/fd/{}", opened.get());
  const auto report = cache_.locate(stable);
  const bool has_target = report.ok() && !(*report)->targets.empty();
  std::optional<std::vector<uint32_t>> targets = std::vector<uint32_t>();
  if (report.ok()) {
    CoverageEntry entry;
    entry.path = shown_path;
    entry.device = device_of(info);
    entry.inode = info.st_ino;
    targets = attach_targets(stable, entry, **report);
  }
  const std::scoped_lock lock(mutex_);
  known_files_.erase(key);
  if (targets && !targets->empty()) {
    probed_.add(info, shown_path, std::move(*targets), ProbedFiles::Clock::now());
  } else if (targets) {
    known_files_[key] = Known::kNoStack;
  }
  return has_target;
}

// The ids of the targets that hold probes now; nullopt when none does because the kernel refused:
// the sweep tries again.
std::optional<std::vector<uint32_t>> Attacher::attach_targets(const std::filesystem::path& file,
                                                              const CoverageEntry& entry,
                                                              const LocateReport& report) {
  bool refused_for_now = false;
  std::vector<uint32_t> ids;
  for (const TlsTarget& target : report.targets) {
    const uint32_t id = next_target_++;
    tell_target(id, target, entry.path);
    const auto probes = probes_.attach(file, target, id);
    refused_for_now |= !probes.ok() && probes.error().code != 0;
    if (probes.ok()) ids.push_back(id);
    counters_.add(probes.ok() ? Count::kProbesAttached : Count::kProbesFailed, probes.value_or(1));
    CoverageEntry heard = entry;
    heard.tls = to_string(target.stack);
    heard.located_by = to_string(target.located_by);
    heard.version = target.version;
    heard.probes = probes.value_or(0);
    if (!probes.ok()) heard.reason = probes.error().message;
    note(std::move(heard));
  }
  for (const Refusal& refusal : report.refusals) {
    CoverageEntry refused = entry;
    refused.tls = to_string(refusal.stack);
    refused.reason = refusal.reason;
    note(std::move(refused));
  }
  if (ids.empty() && refused_for_now) return std::nullopt;
  return ids;
}

// Takes the probes out of files that are gone, and of which no process is left. Closing links takes
// its time: on the sweeper's thread, nobody waits for it.
void Attacher::detach_stale() {
  std::vector<ProbedFiles::Stale> stale;
  {
    const std::scoped_lock lock(mutex_);
    stale = probed_.take_stale(ProbedFiles::Clock::now(), [](const ProbedFiles::Stale& file) {
      struct stat now{};
      return stat(file.path.c_str(), &now) == 0 && device_of(now) == file.device &&
             now.st_ino == file.inode;
    });
    for (const auto& file : stale) {
      std::erase_if(coverage_, [&](const CoverageEntry& entry) {
        return entry.device == file.device && entry.inode == file.inode;
      });
    }
  }
  for (const auto& file : stale) {
    for (const uint32_t id : file.targets) probes_.detach(id);
  }
}

// The last word on a file and stack replaces an earlier one.
void Attacher::note(CoverageEntry entry) {
  const std::scoped_lock lock(mutex_);
  const auto same = std::find_if(coverage_.begin(), coverage_.end(), [&](const auto& known) {
    return known.device == entry.device && known.inode == entry.inode && known.tls == entry.tls &&
           known.located_by == entry.located_by;
  });
  if (same != coverage_.end()) {
    *same = std::move(entry);
  } else if (coverage_.size() < kMaxKnownFiles) {
    coverage_.push_back(std::move(entry));
  }
}

// What is heard at the socket layer is in no file.
void Attacher::tell_fixed_targets() {
  sonde_target_record record{};
  record.target = SONDE_TARGET_SOCKET;
  const Json json{{"tls", "none"}, {"located_by", "socket"}};
  sink_(json_record(record, SONDE_RECORD_TARGET, 0, text_of(json)));
  record.target = SONDE_TARGET_STDIO;
  const Json stdio{{"tls", "stdio"}, {"located_by", "socket"}};
  sink_(json_record(record, SONDE_RECORD_TARGET, 0, text_of(stdio)));
}

void Attacher::on_ring_record(Bytes record) {
  sonde_record_header header{};
  if (record.size() < sizeof(header)) return;
  std::memcpy(&header, record.data(), sizeof(header));
  if (header.kind == SONDE_RECORD_SOCKET) {
    const std::scoped_lock lock(mutex_);
    if (told_processes_.contains(header.tgid)) return;
    ask(asked_processes_, header.tgid);
  } else if (header.kind == SONDE_RECORD_EXEC) {
    sonde_exec_record exec{};
    if (record.size() < sizeof(exec)) return;
    std::memcpy(&exec, record.data(), sizeof(exec));
    const std::scoped_lock lock(mutex_);
    told_processes_.erase(header.tgid);  // another program, or another process of the same number
    if (parents_.size() >= kMaxToldProcesses) parents_.clear();
    parents_[header.tgid] = exec.parent_tgid;
    if ((exec.flags & SONDE_EXEC_STDIO) != 0) ask(asked_servers_, header.tgid);
  }
}

// Under the mutex: leaves the question for the follower's thread.
void Attacher::ask(std::vector<uint32_t>& questions, uint32_t tgid) {
  if (questions.size() >= kMaxToldProcesses) return;
  questions.push_back(tgid);
  if (trigger_) trigger_->wake();
}

void Attacher::hear_stdio_of(uint32_t tgid) {
  const auto heard = stdio_.consider(tgid);
  if (!heard.ok()) return counters_.add(Count::kProbesFailed);
  for (const uint32_t process : *heard) tell_process(process);
}

void Attacher::tell_who_was_asked_for() {
  std::vector<uint32_t> asked;
  std::vector<uint32_t> servers;
  {
    const std::scoped_lock lock(mutex_);
    asked.swap(asked_processes_);
    servers.swap(asked_servers_);
  }
  for (const uint32_t tgid : servers) hear_stdio_of(tgid);
  for (const uint32_t tgid : asked) tell_process(tgid);
}

void Attacher::tell_target(uint32_t id, const TlsTarget& target, const std::string& path) {
  sonde_target_record record{};
  record.target = id;
  sink_(json_record(record, SONDE_RECORD_TARGET, 0,
                    text_of({{"tls", to_string(target.stack)},
                             {"located_by", to_string(target.located_by)},
                             {"version", target.version},
                             {"path", path}})));
}

// Of a process that ended before it was looked at, exec told all but those it descends from.
void Attacher::tell_process(uint32_t tgid) {
  while (tgid != 0 && !tell_living_process(tgid)) {
    const std::scoped_lock lock(mutex_);
    const auto known = parents_.extract(tgid);
    tgid = known.empty() ? 0 : known.mapped();
  }
}

// False: it is not there any more.
bool Attacher::tell_living_process(uint32_t tgid) {
  {
    const std::scoped_lock lock(mutex_);
    if (told_processes_.size() >= kMaxToldProcesses) told_processes_.clear();
    if (!told_processes_.insert(tgid).second) return true;
  }
  const auto identity = proc_.identity(tgid);
  if (!identity) return false;
  Json parents = Json::array();
  uint32_t parent = identity->parent_tgid;
  for (int i = 0; i < kMaxParents && parent != 0; ++i) {
    const auto ancestor = proc_.identity(parent);
    if (!ancestor) break;
    parents.push_back({{"pid", parent}, {"exe", ancestor->exe}});
    parent = ancestor->parent_tgid;
  }
  sink_(json_record(sonde_process_record{}, SONDE_RECORD_PROCESS, tgid,
                    text_of({{"exe", identity->exe},
                             {"cmdline", identity->command_line},
                             {"uid", identity->uid},
                             {"start_time_ns", identity->start_time_ns},
                             {"container_id", identity->cgroup.container_id},
                             {"cgroup", options_.on_cgroup ? identity->cgroup.path : ""},
                             {"parents", parents}})));
  if (options_.on_cgroup && !identity->cgroup.path.empty()) options_.on_cgroup(identity->cgroup);
  return true;
}

}  // namespace sonde::attach
