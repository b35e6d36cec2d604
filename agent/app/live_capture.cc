#include "agent/app/live_capture.h"

#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <time.h>
#include <unistd.h>

#include "agent/app/capabilities.h"

namespace sonde::app {
namespace {

uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

// Some hosts guard their first process: what is then seen as "/" is the best there is.
IdentityOptions identity_options(const config::Config& config) {
  const std::string& root = config.capture.host_root;
  const bool readable = access((root + "/usr").c_str(), R_OK | X_OK) == 0;
  return {.host_root = readable ? root : "/", .kubernetes = config.kubernetes};
}

LiveCapture::LiveCapture(const LiveCaptureOptions& options, Counters& counters)
    : counters_(counters),
      queue_(options.queue_bytes, counters),
      cache_(1024, options.cache_folder) {}

LiveCapture::~LiveCapture() { stop(); }

Result<std::unique_ptr<LiveCapture>> LiveCapture::start(const LiveCaptureOptions& options,
                                                        Counters& counters) {
  auto probes =
      attach::ProbeSet::create({options.ring_bytes, options.plain_http_ports, options.stdio});
  if (!probes.ok()) {
    const auto missing = missing_capabilities();
    return fail(fmt::format("{}{}{}", probes.error().message, missing.empty() ? "" : "; ",
                            fmt::join(missing, "; ")),
                probes.error().code);
  }
  std::unique_ptr<LiveCapture> live(new LiveCapture(options, counters));
  live->probes_ = std::move(*probes);
  live->follow_clock();
  const auto push = [queue = &live->queue_](Bytes record) { queue->push(record); };
  auto identities = IdentityResolver::start(options.identity, counters, push);
  if (!identities.ok()) return tl::unexpected(identities.error());
  live->identities_ = std::move(*identities);
  live->attacher_ = std::make_unique<attach::Attacher>(
      *live->probes_, live->cache_, counters, push,
      attach::AttacherOptions{
          .host_root = options.identity.host_root == "/" ? "" : options.identity.host_root,
          .on_cgroup = [raw = live->identities_.get()](const attach::CgroupMembership& cgroup) {
            raw->note(cgroup);
          }});
  const auto push_heard = [push, attacher = live->attacher_.get()](Bytes record) {
    attacher->on_ring_record(record);
    push(record);
  };
  auto reader = capture::RingReader::start(live->probes_->ring_fd(), counters, push_heard);
  if (!reader.ok()) return tl::unexpected(reader.error());
  live->reader_ = std::move(*reader);
  if (auto started = live->attacher_->start(); !started) return tl::unexpected(started.error());
  return live;
}

// Records carry CLOCK_MONOTONIC, which is not set and stands still while the host sleeps; this one
// says what time of day that is.
void LiveCapture::follow_clock() {
  constexpr int64_t kUnnoticed = 20'000'000;  // of the two readings below, under load
  sonde_clock_record record{};
  record.header = {
      SONDE_RECORD_CLOCK, SONDE_ABI_VERSION, sizeof(record), clock_ns(CLOCK_MONOTONIC), 0, 0};
  record.unix_ns = clock_ns(CLOCK_REALTIME);
  const auto offset = static_cast<int64_t>(record.unix_ns - record.header.time_ns);
  if (std::abs(offset - told_offset_ns_) < kUnnoticed) return;
  told_offset_ns_ = offset;
  queue_.push(std::as_bytes(std::span(&record, 1)));
}

std::string LiveCapture::summary() const {
  std::set<std::string> files;
  size_t refused = 0;
  for (const attach::CoverageEntry& entry : attacher_->coverage()) {
    if (entry.reason.empty())
      files.insert(entry.path);
    else
      ++refused;
  }
  return fmt::format("listening: {} probes in {} files, {} not heard (see `sonde doctor`)",
                     probes_->attached_probes(), files.size(), refused);
}

std::vector<alert::CoverageEntry> LiveCapture::process_coverage() const {
  std::multimap<std::pair<uint64_t, uint64_t>, const attach::CoverageEntry*> by_file;
  const auto files = attacher_->coverage();
  for (const auto& file : files) by_file.emplace(std::pair(file.device, file.inode), &file);
  std::vector<alert::CoverageEntry> processes;
  const attach::ProcFs proc;
  for (const uint32_t tgid : proc.processes()) {
    std::set<std::pair<uint64_t, uint64_t>> mapped;
    for (const auto& file : proc.executable_mappings(tgid)) mapped.emplace(file.device, file.inode);
    for (const auto& key : mapped) {
      const auto [first, last] = by_file.equal_range(key);
      for (auto found = first; found != last; ++found) {
        const attach::CoverageEntry& file = *found->second;
        const auto identity = proc.identity(tgid);
        processes.push_back({.pid = tgid,
                             .exe = identity ? identity->exe : std::string(),
                             .stack = file.tls,
                             .version = file.version,
                             .located_by = file.located_by,
                             .covered = file.reason.empty(),
                             .reason = file.reason});
      }
    }
  }
  return processes;
}

void LiveCapture::stop() {
  if (attacher_) attacher_->stop();
  if (identities_) identities_->stop();
  reader_.reset();
  if (probes_) update_losses();
  queue_.close();
}

void LiveCapture::update_losses() {
  constexpr Count kReasons[SONDE_LOSS_REASONS] = {
      Count::kBytesLostRingFull, Count::kBytesLostFault,   Count::kBytesLostTooLong,
      Count::kCallsLostNoEntry,  Count::kCallsLostMapFull, Count::kProcessEventsLost};
  const auto totals = probes_->losses();
  for (size_t reason = 0; reason < totals.size(); ++reason) {
    counters_.add(kReasons[reason], totals[reason] - reported_losses_[reason]);
  }
  reported_losses_ = totals;
}

}  // namespace sonde::app
