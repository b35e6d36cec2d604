#include "agent/app/self_monitor.h"

#include <fmt/format.h>

namespace sonde::app {
namespace {

constexpr size_t kMaxTold = 4096;

// Counters of what was said and not heard, or heard and not delivered.
constexpr Count kLosses[] = {Count::kBytesLostRingFull, Count::kBytesLostFault,
                             Count::kBytesLostTooLong,  Count::kBytesLostQueueFull,
                             Count::kSpoolDropped,      Count::kSinkQueueFull,
                             Count::kFindingsDropped};

}  // namespace

void SelfMonitor::check(std::span<const alert::CoverageEntry> coverage, WallTime now,
                        const AlertSink& alerts) {
  if (told_blind_.size() > kMaxTold) told_blind_.clear();
  for (const alert::CoverageEntry& entry : coverage) {
    if (entry.covered || !entry.in_scope) continue;
    if (!told_blind_.insert(entry.exe + ' ' + entry.stack).second) continue;
    llm::Process process;
    process.pid = entry.pid;
    process.exe = entry.exe;
    tell("coverage.blind", entry.stack, entry.reason, std::move(process), now, alerts);
  }
  uint64_t lost = 0;
  std::string reasons;
  for (const Count count : kLosses) {
    const uint64_t value = counters_.value(count);
    lost += value;
    if (value > 0)
      reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ",
                             kCounterInfo[static_cast<size_t>(count)].name, value);
  }
  if (lost > told_lost_) tell("sensor.health", "loss", reasons, {}, now, alerts);
  told_lost_ = lost;
}

void SelfMonitor::on_self_test(const std::string& trouble, WallTime now, const AlertSink& alerts) {
  if (!trouble.empty() && !silent_) tell("sensor.health", "silent", trouble, {}, now, alerts);
  silent_ = !trouble.empty();
}

void SelfMonitor::tell(std::string alert, std::string subtype, std::string evidence,
                       llm::Process process, WallTime now, const AlertSink& alerts) {
  detect::Finding finding;
  finding.alert = std::move(alert);
  finding.detector = "self_monitor";
  finding.severity = detect::Severity::kInformational;
  finding.subtype = std::move(subtype);
  finding.evidence = std::move(evidence);
  finding.message_index = -1;
  llm::Exchange about;  // no exchange: who, and when
  about.id = fmt::format("{:x}", now.time_since_epoch().count());
  about.start_time = now;
  about.process = std::move(process);
  alerts(alert::make_alert(finding, about, host_));
}

}  // namespace sonde::app
