// Hearing standard input and output (bpf/stdio.h): one program at the end of every system call,
// attached only while a process is watched. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>

#include "agent/attach/probe_links.h"
#include "agent/base/result.h"

namespace sonde::attach {

class StdioProbe {
 public:
  // Both are borrowed; null and -1 where the kernel cannot: then nothing is ever heard.
  StdioProbe(bpf_program* program, int processes_map) : program_(program), map_(processes_map) {}

  bool available() const { return program_ != nullptr; }

  // Hears a server and those that started it. The kernel side knows them already if it saw the
  // server's exec.
  Status hear(uint32_t server, std::span<const uint32_t> ancestors);
  void forget(uint32_t tgid);
  // Detaches it unless a server is left, and then forgets its ancestors as well.
  void stop_if_unused();
  bool attached() const;

 private:
  void put(uint32_t tgid, uint32_t role);
  size_t servers() const;

  bpf_program* program_;
  int map_;
  mutable std::mutex mutex_;  // guards link_, and that it is there while a server is
  LinkPtr link_;
};

}  // namespace sonde::attach
