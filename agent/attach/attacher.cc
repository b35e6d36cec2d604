#include "agent/attach/attacher.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <glob.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <time.h>

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
  attach_ahead();
  sweep(true);
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

void Attacher::sweep(bool urgent_only) {
  for (const uint32_t tgid : proc_.processes()) {
    bool heard = false;
    for (const MappedFile& file : proc_.executable_mappings(tgid)) {
      if (urgent_only && !is_urgent(file.path)) continue;
      heard |= consider(proc_.open_path(tgid, file), file.path);
    }
    if (heard) tell_process(tgid);
  }
}

void Attacher::run(const std::stop_token& stop) {
  sweep(false);
  auto next_sweep = std::chrono::steady_clock::now() + kSweepInterval;
  std::vector<ExecMapping> mappings;
  while (!stop.stop_requested()) {
    mappings.clear();
    trigger_->poll(kTriggerWaitMs, mappings);
    // Names that promise TLS first: their first call may come any moment.
    std::stable_partition(mappings.begin(), mappings.end(),
                          [](const ExecMapping& mapping) { return is_urgent(mapping.path); });
    for (const ExecMapping& mapping : mappings) on_mapping(mapping);
    if (std::chrono::steady_clock::now() >= next_sweep) {
      sweep(false);
      next_sweep = std::chrono::steady_clock::now() + kSweepInterval;
    }
  }
}

void Attacher::on_mapping(const ExecMapping& mapping) {
  const bool program = mapping.path.find(".so") == std::string::npos;
  if (program) told_processes_.erase(mapping.tgid);  // an exec gave the process a new identity
  if (consider(proc_.path_in_root(mapping.tgid, mapping.path), mapping.path)) {
    tell_process(mapping.tgid);
  }
}

// True when the file holds a TLS stack that is heard.
bool Attacher::consider(const std::filesystem::path& file, const std::string& shown_path) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  const FileKey key{info.st_dev, info.st_ino,
                    info.st_ctim.tv_sec * 1'000'000'000 + info.st_ctim.tv_nsec};
  if (const auto known = known_files_.find(key); known != known_files_.end()) return known->second;
  if (known_files_.size() >= kMaxKnownFiles) known_files_.clear();

  const auto report = cache_.locate(file);
  if (!report.ok()) return known_files_[key] = false;
  const bool has_target = !(*report)->targets.empty();
  known_files_[key] = has_target;
  attach_targets(file, shown_path, **report);
  return has_target;
}

void Attacher::attach_targets(const std::filesystem::path& file, const std::string& shown_path,
                              const LocateReport& report) {
  for (const TlsTarget& target : report.targets) {
    const uint32_t id = next_target_++;
    tell_target(id, target, shown_path);
    const auto probes = probes_.attach(file, target, id);
    counters_.add(probes.ok() ? Count::kProbesAttached : Count::kProbesFailed, probes.value_or(1));
    const std::scoped_lock lock(mutex_);
    coverage_.push_back({shown_path, std::string(to_string(target.stack)),
                         std::string(to_string(target.located_by)), target.version,
                         probes.value_or(0), probes.ok() ? "" : probes.error().message});
  }
  for (const Refusal& refusal : report.refusals) {
    const std::scoped_lock lock(mutex_);
    coverage_.push_back(
        {shown_path, std::string(to_string(refusal.stack)), "", "", 0, refusal.reason});
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
