// The BPF side, loaded: owns the skeleton and every attached probe.
//
// Features are probed, not assumed: sleepable programs and attach cookies are tried first and done
// without where the kernel refuses. Thread-safe: attach and detach come from the attacher's thread,
// ignore() and losses() from others.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/attach/locator.h"
#include "agent/attach/stdio_probe.h"
#include "agent/base/result.h"
#include "sonde/abi.h"

namespace sonde::attach {

// What the running kernel can do, as found by loading.
struct KernelFeatures {
  bool sleepable = false;      // absent pages are faulted in instead of being counted as lost
  bool attach_cookie = false;  // one program serves all targets; else each target has its own
  bool exec_trace = false;     // BTF tracepoints: processes are reported by the kernel
  // How connections get their addresses; kNone: by Host only.
  enum class SocketTrace : uint8_t { kNone, kTracepoint, kKprobe };
  SocketTrace socket_trace = SocketTrace::kNone;
  bool task_registers = false;  // bpf_task_pt_regs
  bool uprobe_multi = false;    // one link for many probes: quick to close
  bool plain_http = false;      // connections without TLS, by their ports; wants socket_trace
  bool stdio = false;           // standard input and output; wants exec_trace and task_registers
};

struct ProbeSetOptions {
  size_t ring_bytes = size_t{16} << 20;  // rounded up to a power of two of pages
  // TCP ports heard without TLS, whichever end has them; what speaks no HTTP there is dropped.
  std::vector<uint32_t> plain_ports;
  bool stdio = true;  // hear servers that are spoken to through standard input and output
  // For tests: only what the oldest kernel can do that is supported.
  bool plainest = false;
};

class ProbeSet {
 public:
  // Loads the programs. Fails with a sentence that says which capability or feature is missing.
  static Result<std::unique_ptr<ProbeSet>> create(const ProbeSetOptions& options);
  ~ProbeSet();
  ProbeSet(const ProbeSet&) = delete;
  ProbeSet& operator=(const ProbeSet&) = delete;

  const KernelFeatures& features() const { return features_; }
  int ring_fd() const;

  // Puts probes on all functions of the target that can be heard whole, for every process that maps
  // the file now or later. All or nothing: on failure none stays. `id` comes back in each record.
  Result<size_t> attach(const std::filesystem::path& file, const TlsTarget& target, uint32_t id);
  // Removes the probes of one target; a no-op for an unknown id.
  void detach(uint32_t id);
  size_t attached_probes() const;

  // Stops copying the bytes of one connection; its positions go on.
  void ignore(uint32_t tgid, uint64_t handle, uint64_t generation_ns);

  StdioProbe& stdio();

  // Totals since load, by SONDE_LOSS_ reason.
  std::array<uint64_t, SONDE_LOSS_REASONS> losses() const;

 private:
  struct Impl;
  explicit ProbeSet(std::unique_ptr<Impl> impl, KernelFeatures features);
  std::unique_ptr<Impl> impl_;
  KernelFeatures features_;
};

}  // namespace sonde::attach
