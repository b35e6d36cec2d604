// `sonde doctor`: what this kernel and this user may do, and for each process with a TLS stack
// whether it is heard, or why not.
#include <array>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/capability.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/app/commands.h"
#include "agent/app/live_capture.h"
#include "agent/attach/probe_links.h"

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kSweepWait{15};

struct Capability {
  cap_value_t value;
  const char* name;
  const char* purpose;
};

// The set of the systemd unit.
constexpr auto kCapabilities = std::to_array<Capability>({
    {CAP_BPF, "CAP_BPF", "load BPF programs and maps"},
    {CAP_PERFMON, "CAP_PERFMON", "attach uprobes, notice new programs"},
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "see what other users' processes have mapped"},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "open executables and libraries in containers"},
    {CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE", "open mapped files that an upgrade deleted"},
    {CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE", "lock memory for maps on kernels before 5.11"},
});
// The level of kernel.perf_event_paranoid above the mainline's highest; Debian and Ubuntu know it.
constexpr int kPerfForAdministratorsOnly = 3;

bool has_capability(cap_value_t value) {
  cap_t set = cap_get_proc();
  if (set == nullptr) return false;
  cap_flag_value_t flag = CAP_CLEAR;
  cap_get_flag(set, value, CAP_EFFECTIVE, &flag);
  cap_free(set);
  return flag == CAP_SET;
}

Json kernel_json() {
  utsname names{};
  uname(&names);
  return {{"release", names.release},
          {"machine", names.machine},
          {"btf", access("/sys/kernel/btf/vmlinux", R_OK) == 0}};
}

// What this kernel wants CAP_SYS_ADMIN for; nothing: CAP_BPF and CAP_PERFMON suffice.
const char* administrator_needed_for() {
  int level = 0;
  std::ifstream("/proc/sys/kernel/perf_event_paranoid") >> level;
  if (level >= kPerfForAdministratorsOnly) {
    return "notice new programs while kernel.perf_event_paranoid is above 2";
  }
  if (has_capability(CAP_BPF) && !attach::has_uprobe_multi())
    return "attach uprobes on kernels before 6.6";
  return nullptr;
}

Json capabilities_json() {
  Json list = Json::array();
  for (const auto& capability : kCapabilities) {
    list.push_back({{"name", capability.name},
                    {"present", has_capability(capability.value)},
                    {"purpose", capability.purpose}});
  }
  if (const char* purpose = administrator_needed_for(); purpose != nullptr) {
    list.push_back({{"name", "CAP_SYS_ADMIN"},
                    {"present", has_capability(CAP_SYS_ADMIN)},
                    {"purpose", purpose}});
  }
  return list;
}

Json features_json(const attach::KernelFeatures& features) {
  return {{"uprobe", true},
          {"ringbuf", true},
          {"sleepable_uprobes", features.sleepable},
          {"attach_cookie", features.attach_cookie},
          {"uprobe_multi", features.uprobe_multi},
          {"exec_tracepoints", features.exec_trace},
          {"socket_trace", features.socket_trace != attach::KernelFeatures::SocketTrace::kNone},
          {"task_registers", features.task_registers},
          {"plain_http", features.plain_http},
          {"stdio", features.stdio}};
}

Json processes_json(const std::vector<alert::CoverageEntry>& entries) {
  Json list = Json::array();
  for (const auto& entry : entries) {
    Json item{
        {"pid", entry.pid}, {"exe", entry.exe}, {"stack", entry.stack}, {"covered", entry.covered}};
    if (!entry.version.empty()) item["version"] = entry.version;
    if (!entry.located_by.empty()) item["located_by"] = entry.located_by;
    if (!entry.reason.empty()) item["reason"] = entry.reason;
    list.push_back(std::move(item));
  }
  return list;
}

Json files_json(const std::vector<attach::CoverageEntry>& entries) {
  Json list = Json::array();
  for (const auto& entry : entries) {
    Json item{{"path", entry.path}, {"stack", entry.tls}, {"covered", entry.reason.empty()}};
    if (!entry.located_by.empty()) item["located_by"] = entry.located_by;
    if (!entry.version.empty()) item["version"] = entry.version;
    if (entry.probes > 0) item["probes"] = entry.probes;
    if (!entry.reason.empty()) item["reason"] = entry.reason;
    list.push_back(std::move(item));
  }
  return list;
}

std::string text_of(const Json& json, const char* key) { return json.value(key, std::string()); }

void print_host(const Json& report) {
  const auto answer = [](bool good) { return good ? "yes" : "NO"; };
  const Json& kernel = report["kernel"];
  fmt::print("Kernel {} {}\n", text_of(kernel, "release"), text_of(kernel, "machine"));
  fmt::print("  {:<22} {}\n", "BTF", answer(kernel.value("btf", false)));
  if (report.contains("features")) {
    for (const auto& [name, value] : report["features"].items())
      fmt::print("  {:<22} {}\n", name, answer(value.get<bool>()));
  }
  fmt::print("Capabilities\n");
  for (const Json& capability : report["capabilities"]) {
    fmt::print("  {:<22} {:<4} to {}\n", text_of(capability, "name"),
               answer(capability.value("present", false)), text_of(capability, "purpose"));
  }
}

void print_coverage(const Json& report) {
  fmt::print("Processes with a TLS stack ({})\n", report["processes"].size());
  for (const Json& process : report["processes"]) {
    const std::string reason = text_of(process, "reason");
    fmt::print("  {:<9} {:>7} {:<10} {} {}{}\n", reason.empty() ? "heard" : "NOT HEARD",
               process["pid"].get<uint32_t>(), text_of(process, "stack"), text_of(process, "exe"),
               text_of(process, "version"), reason.empty() ? "" : "\n            " + reason);
  }
  fmt::print("Files probed ahead of any process ({})\n", report["files"].size());
  for (const Json& file : report["files"]) {
    const std::string reason = text_of(file, "reason");
    fmt::print("  {:<9} {:<10} {} {}{}\n", reason.empty() ? "ready" : "NOT READY",
               text_of(file, "stack"), text_of(file, "path"), text_of(file, "version"),
               reason.empty() ? "" : "\n            " + reason);
  }
}

}  // namespace

int run_doctor(bool json) {
  Counters counters;
  Json report{{"schema", "sonde.doctor/1"},
              {"kernel", kernel_json()},
              {"capabilities", capabilities_json()}};
  auto live = LiveCapture::start({}, counters);
  report["can_listen"] = live.ok();
  if (live.ok()) {
    (*live)->attacher().wait_until_swept(kSweepWait);
    report["features"] = features_json((*live)->probes().features());
    report["processes"] = processes_json((*live)->process_coverage());
    report["files"] = files_json((*live)->attacher().coverage());
  } else {
    report["reason"] = live.error().message;
  }
  if (json) {
    fmt::print("{}\n", report.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    print_host(report);
    if (live.ok()) print_coverage(report);
  }
  return live.ok() ? kExitGood : complain(live.error().message, kExitFailure);
}

}  // namespace sonde::app
