// Hearing standard input and output (bpf/stdio.h): one program at the end of every system call,
// attached only while a process is watched. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <span>

#include "agent/attach/probe_links.h"
#include "agent/base/result.h"

namespace sonde::attach {

class StdioProbe {
 public:
  // How long a server that was there before Sonde may stay silent.
  static constexpr std::chrono::minutes kPatience{10};

  // The maps are bpf/stdio.h's. All are borrowed; null and -1 where the kernel cannot: then nothing
  // is ever heard.
  StdioProbe(bpf_program* program, int processes_map, int channels_map)
      : program_(program), processes_(processes_map), channels_(channels_map) {}

  bool available() const { return program_ != nullptr; }

  // Hears a server and those that started it. The kernel side knows them already if it saw the
  // server's exec.
  Status hear(uint32_t server, std::span<const uint32_t> ancestors);
  void forget(uint32_t tgid);
  // Forgets servers to which nobody has spoken JSON in time. Detaches the program unless one is
  // left, and then forgets its ancestors as well.
  void stop_if_unused();
  bool attached() const;

 private:
  void put(uint32_t tgid, uint32_t role);
  bool is_server(uint32_t tgid, uint64_t now_ns);

  bpf_program* program_;
  int processes_;
  int channels_;
  mutable std::mutex mutex_;  // guards link_, and that it is there while a server is
  LinkPtr link_;
};

}  // namespace sonde::attach
