#include "agent/attach/attacher.h"

#include <algorithm>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "agent/base/unique_fd.h"

namespace sonde::attach {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kSweepInterval{30};
constexpr int kTriggerWaitMs = 500;
constexpr size_t kMaxKnownFiles = 65536;
constexpr size_t kMaxToldProcesses = 65536;
constexpr int kMaxParents = 16;

// TLS libraries and runtimes by the places where distributions put them, so that the first request
// of a process started later is heard.
constexpr const char* kAheadOfTime[] = {"/usr/lib/*-linux-gnu/libssl.so*",
                                        "/usr/lib/libssl.so*",
                                        "/usr/lib64/libssl.so*",
                                        "/usr/local/lib/libssl.so*",
                                        "/usr/local/lib64/libssl.so*",
                                        "/usr/lib/*-linux-gnu/libgnutls.so*",
                                        "/usr/lib64/libgnutls.so*",
                                        "/usr/lib/*-linux-gnu/libssl3.so",
                                        "/usr/lib64/libssl3.so",
                                        "/usr/bin/node",
                                        "/usr/local/bin/node",
                                        "/opt/*/lib/libssl.so*"};

uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// Whether a library's name promises a TLS stack; the others wait for a quieter moment.
bool is_urgent(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.find("ssl") != std::string::npos || name.find("gnutls") != std::string::npos ||
         name.find(".so") == std::string::npos;
}

// A fixed record followed by a JSON text.
template <typename Record>
std::vector<std::byte> json_record(Record record, uint16_t kind, uint32_t tgid, const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  record.header.kind = kind;
  record.header.version = SONDE_ABI_VERSION;
  record.header.size = static_cast<uint32_t>(sizeof(record) + text.size());
  record.header.time_ns = monotonic_ns();
  record.header.tgid = tgid;
  record.header.tid = tgid;
  record.json_len = static_cast<uint32_t>(text.size());
  std::vector<std::byte> bytes(record.header.size);
  std::memcpy(bytes.data(), &record, sizeof(record));
  std::memcpy(bytes.data() + sizeof(record), text.data(), text.size());
  return bytes;
}

}  // namespace

Attacher::Attacher(ProbeSet& probes, LocateCache& cache, Counters& counters, RecordSink sink)
    : probes_(probes), cache_(cache), counters_(counters), sink_(std::move(sink)) {}

Attacher::~Attacher() { stop(); }

Status Attacher::start() {
  auto trigger = ExecTrigger::create(counters_);
  if (!trigger.ok()) return tl::unexpected(trigger.error());
  trigger_ = std::move(*trigger);  // before the sweep: what is mapped meanwhile is not missed
  forget_own_executable();
  attach_ahead();
  sweep_urgent();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return {};
}

void Attacher::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::vector<CoverageEntry> Attacher::coverage() const {
  const std::scoped_lock lock(mutex_);
  return coverage_;
}

void Attacher::attach_ahead() {
  for (const char* pattern : kAheadOfTime) {
    glob_t found{};
    if (glob(pattern, GLOB_NOSORT, nullptr, &found) == 0) {
      for (size_t i = 0; i < found.gl_pathc; ++i) consider(found.gl_pathv[i], found.gl_pathv[i]);
    }
    globfree(&found);
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
    for (MappedFile& file : proc_.executable_mappings(tgid)) {
      backlog_.push_back({tgid, std::move(file)});
    }
  }
}

bool Attacher::wait_until_swept(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return swept_changed_.wait_for(lock, timeout, [this] { return swept_; });
}

void Attacher::tell_swept() {
  {
    const std::scoped_lock lock(mutex_);
    swept_ = true;
  }
  swept_changed_.notify_all();
}

void Attacher::run(const std::stop_token& stop) {
  fill_backlog();
  auto next_sweep = std::chrono::steady_clock::now() + kSweepInterval;
  std::vector<ExecMapping> mappings;
  while (!stop.stop_requested()) {
    mappings.clear();
    trigger_->poll(backlog_.empty() ? kTriggerWaitMs : 0, mappings);
    // Names that promise TLS first: their first call may come any moment.
    std::stable_partition(mappings.begin(), mappings.end(),
                          [](const ExecMapping& mapping) { return is_urgent(mapping.path); });
    for (const ExecMapping& mapping : mappings) on_mapping(mapping);
    if (!backlog_.empty()) {
      const auto [tgid, file] = std::move(backlog_.front());
      backlog_.pop_front();
      if (consider(proc_.open_path(tgid, file), file.path)) tell_process(tgid);
      if (backlog_.empty()) tell_swept();
    } else if (std::chrono::steady_clock::now() >= next_sweep) {
      fill_backlog();
      next_sweep = std::chrono::steady_clock::now() + kSweepInterval;
    }
  }
}

void Attacher::on_mapping(const ExecMapping& mapping) {
  const bool program = mapping.path.find(".so") == std::string::npos;
  if (program) told_processes_.erase(mapping.tgid);  // an exec gave the process a new identity
  std::filesystem::path file = proc_.path_in_root(mapping.tgid, mapping.path);
  std::error_code gone;
  // A process that ended meanwhile: its file is probably ours too, and will run again.
  if (!std::filesystem::exists(file, gone)) file = mapping.path;
  if (consider(file, mapping.path)) tell_process(mapping.tgid);
}

Attacher::FileKey Attacher::key_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_ctim.tv_sec * 1'000'000'000 + info.st_ctim.tv_nsec};
}

// Sonde speaks to its collector through a shared library; the patterns that its locators carry
// would only be mistaken for a TLS stack.
void Attacher::forget_own_executable() {
  struct stat info{};
  if (stat("/proc/self/exe", &info) == 0) known_files_[key_of(info)] = false;
}

// True when the file holds a TLS stack that is heard.
bool Attacher::consider(const std::filesystem::path& file, const std::string& shown_path) {
  const UniqueFd opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info{};
  if (!opened.valid() || fstat(opened.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  const FileKey key = key_of(info);
  if (const auto known = known_files_.find(key); known != known_files_.end()) return known->second;
  if (known_files_.size() >= kMaxKnownFiles) {
    known_files_.clear();
    forget_own_executable();
  }

  // By the descriptor from here on: the process, and its root with it, may be gone any moment.
  const std::filesystem::path stable = fmt::format("/proc/self/fd/{}", opened.get());
  const auto report = cache_.locate(stable);
  if (!report.ok()) return known_files_[key] = false;
  const bool has_target = !(*report)->targets.empty();
  known_files_[key] = has_target;
  CoverageEntry entry;
  entry.path = shown_path;
  entry.device = (uint64_t{major(info.st_dev)} << 20) | minor(info.st_dev);
  entry.inode = info.st_ino;
  if (!attach_targets(stable, entry, **report)) known_files_.erase(key);  // the sweep retries
  return has_target;
}

// False when a probe was refused that may be accepted later.
bool Attacher::attach_targets(const std::filesystem::path& file, const CoverageEntry& entry,
                              const LocateReport& report) {
  bool attached = true;
  for (const TlsTarget& target : report.targets) {
    const uint32_t id = next_target_++;
    tell_target(id, target, entry.path);
    const auto probes = probes_.attach(file, target, id);
    attached &= probes.ok();
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
  return attached;
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

void Attacher::tell_target(uint32_t id, const TlsTarget& target, const std::string& path) {
  sonde_target_record record{};
  record.target = id;
  sink_(json_record(record, SONDE_RECORD_TARGET, 0,
                    Json{{"tls", to_string(target.stack)},
                         {"located_by", to_string(target.located_by)},
                         {"version", target.version},
                         {"path", path}}));
}

void Attacher::tell_process(uint32_t tgid) {
  if (told_processes_.size() >= kMaxToldProcesses) told_processes_.clear();
  if (!told_processes_.insert(tgid).second) return;
  const auto identity = proc_.identity(tgid);
  if (!identity) return;
  Json parents = Json::array();
  uint32_t parent = identity->parent_tgid;
  for (int i = 0; i < kMaxParents && parent != 0; ++i) {
    const auto ancestor = proc_.identity(parent);
    if (!ancestor) break;
    parents.push_back({{"pid", parent}, {"exe", ancestor->exe}});
    parent = ancestor->parent_tgid;
  }
  sink_(json_record(sonde_process_record{}, SONDE_RECORD_PROCESS, tgid,
                    Json{{"exe", identity->exe},
                         {"cmdline", identity->command_line},
                         {"uid", identity->uid},
                         {"start_time_ns", identity->start_time_ns},
                         {"container_id", identity->container_id},
                         {"parents", parents}}));
}

}  // namespace sonde::attach
