#include "agent/app/capabilities.h"

#include <array>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <sys/capability.h>
#include <sys/utsname.h>

#include "agent/attach/probe_links.h"

namespace sonde::app {
namespace {

constexpr auto kWanted = std::to_array<Capability>({
    {CAP_BPF, "CAP_BPF", "load BPF programs and maps", "no BPF program can be loaded", true, true},
    {CAP_PERFMON, "CAP_PERFMON", "attach uprobes, notice new programs", "no probe can be attached",
     true, true},
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "see what other users' processes have mapped",
     "programs and containers of other users are not heard, and containers have no names", false,
     true},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "open executables and libraries in containers",
     "files that only their owner may read are not heard", false, true},
    {CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE",
     "open files that were deleted or replaced while in use",
     "programs that run on after an upgrade are not heard", true, true},
    {CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE", "lock memory for maps on kernels before 5.11",
     "maps may not find room", false, false},
});

bool is_effective(cap_value_t value) {
  cap_t set = cap_get_proc();
  if (set == nullptr) return false;
  cap_flag_value_t flag = CAP_CLEAR;
  cap_get_flag(set, value, CAP_EFFECTIVE, &flag);
  cap_free(set);
  return flag == CAP_SET;
}

// The level of kernel.perf_event_paranoid above the mainline's highest; Debian and Ubuntu know it.
constexpr int kPerfForAdministratorsOnly = 3;

// What this kernel wants CAP_SYS_ADMIN for; null: CAP_BPF and CAP_PERFMON suffice.
const char* administrator_needed_for() {
  int level = 0;
  std::ifstream("/proc/sys/kernel/perf_event_paranoid") >> level;
  if (level >= kPerfForAdministratorsOnly) {
    return "notice new programs while kernel.perf_event_paranoid is above 2";
  }
  if (is_effective(CAP_BPF) && !attach::has_uprobe_multi())
    return "attach uprobes on kernels before 6.6";
  return nullptr;
}

// Whether BPF memory is accounted by RLIMIT_MEMLOCK.
bool is_old_kernel() {
  utsname names{};
  int major = 0;
  int minor = 0;
  if (uname(&names) != 0 || std::sscanf(names.release, "%d.%d", &major, &minor) != 2) return false;
  return major < 5 || (major == 5 && minor < 11);
}

}  // namespace

std::vector<Capability> wanted_capabilities() {
  std::vector<Capability> wanted(kWanted.begin(), kWanted.end());
  if (const char* purpose = administrator_needed_for(); purpose != nullptr) {
    wanted.push_back(
        {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", purpose, "this kernel attaches no probe", false, true});
  }
  return wanted;
}

bool has_capability(const Capability& capability) {
  return is_effective(capability.value) ||
         (capability.instead_admin && is_effective(CAP_SYS_ADMIN));
}

bool matters_here(const Capability& capability) { return capability.always || is_old_kernel(); }

std::vector<std::string> missing_capabilities() {
  std::vector<std::string> sentences;
  for (const Capability& capability : wanted_capabilities()) {
    if (has_capability(capability) || !matters_here(capability)) continue;
    sentences.push_back(fmt::format("without {}, {}", capability.name, capability.consequence));
  }
  return sentences;
}

}  // namespace sonde::app
