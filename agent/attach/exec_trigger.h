// Tells which processes just mapped executable code: exec, dlopen, a started interpreter.
//
// Built on perf's side-band events of a dummy software event on every CPU: they cost something only
// when code is mapped, and need neither kprobes nor per-syscall tracing (perf_event_open(2),
// PERF_RECORD_MMAP2). Not thread-safe but for wake(): owned by the attacher's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"

namespace sonde::attach {

// A file mapped executable: path as the process sees it, in its own mount namespace.
struct ExecMapping {
  uint32_t tgid = 0;
  std::string path;
};

class ExecTrigger {
 public:
  // `counters` is borrowed: events that the kernel dropped are counted there.
  static Result<std::unique_ptr<ExecTrigger>> create(Counters& counters);
  ~ExecTrigger();
  ExecTrigger(const ExecTrigger&) = delete;
  ExecTrigger& operator=(const ExecTrigger&) = delete;

  // Waits at most `timeout_ms` for mappings and appends them; false when nothing came.
  bool poll(int timeout_ms, std::vector<ExecMapping>& out);
  // Ends a poll() early, the next one where none waits. From any thread.
  void wake() const;

 private:
  class CpuRing;
  ExecTrigger(Counters& counters, UniqueFd wake);
  Counters& counters_;
  UniqueFd wake_;  // an eventfd
  std::vector<std::unique_ptr<CpuRing>> rings_;
};

}  // namespace sonde::attach
