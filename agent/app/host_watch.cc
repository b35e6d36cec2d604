#include "agent/app/host_watch.h"

#include <algorithm>

#include <fmt/format.h>

#include "agent/attach/proc_fs.h"

namespace sonde::app {
namespace {

// No exchange: who, and when.
llm::Exchange about(uint32_t pid, WallTime now) {
  llm::Exchange exchange;
  exchange.id = fmt::format("{:x}", now.time_since_epoch().count());
  exchange.start_time = now;
  exchange.process.pid = pid;
  if (const auto identity = attach::ProcFs().identity(pid)) {
    exchange.process.exe = identity->exe;
    exchange.process.uid = identity->uid;
    exchange.process.start_time_ns = identity->start_time_ns;
    exchange.process.command_line = identity->command_line;
  }
  return exchange;
}

}  // namespace

void HostWatch::note(const llm::Exchange& exchange, const Found& found) {
  if (auto exposed = exposure_.look(exchange)) found(std::move(*exposed), exchange);
  const uint32_t pid = exchange.process.pid;
  if (pid == 0) return;
  const std::lock_guard lock(mutex_);
  if (!speakers_.empty() && speakers_.back() == pid) return;
  std::erase(speakers_, pid);
  speakers_.push_back(pid);
  if (speakers_.size() > kProcesses) speakers_.pop_front();
}

void HostWatch::sweep(std::chrono::steady_clock::time_point now, WallTime wall) {
  if (now < next_) return;
  next_ = now + kInterval;
  std::vector<uint32_t> processes;
  {
    const std::lock_guard lock(mutex_);
    processes.assign(speakers_.begin(), speakers_.end());
  }
  for (auto& unsafe : files_.sweep(processes)) {
    llm::Exchange who = about(unsafe.pid, wall);
    const std::lock_guard lock(mutex_);
    pending_.push_back({std::move(unsafe.finding), std::move(who)});
  }
}

void HostWatch::drain(const Found& found) {
  std::vector<Pending> pending;
  {
    const std::lock_guard lock(mutex_);
    pending.swap(pending_);
  }
  for (Pending& one : pending) found(std::move(one.finding), one.about);
}

}  // namespace sonde::app
