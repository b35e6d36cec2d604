// `sonde doctor`: what this kernel and this user may do, and for each process with a TLS stack
// whether it is heard, or why not.
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/app/capabilities.h"
#include "agent/app/commands.h"
#include "agent/app/doctor_advice.h"
#include "agent/app/live_capture.h"

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kSweepWait{15};

Json kernel_json() {
  utsname names{};
  uname(&names);
  return {{"release", names.release},
          {"machine", names.machine},
          {"btf", access("/sys/kernel/btf/vmlinux", R_OK) == 0}};
}

Json capabilities_json() {
  Json list = Json::array();
  for (const Capability& capability : wanted_capabilities()) {
    list.push_back({{"name", capability.name},
                    {"present", has_capability(capability)},
                    {"needed", matters_here(capability)},
                    {"purpose", capability.purpose},
                    {"without_it", capability.consequence}});
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
    const bool present = capability.value("present", false);
    const bool needed = capability.value("needed", true);
    fmt::print("  {:<22} {:<4} to {}{}{}\n", text_of(capability, "name"),
               present || needed ? answer(present) : "-", text_of(capability, "purpose"),
               present  ? ""
               : needed ? ": without it, "
                        : ": not needed on this kernel",
               present || !needed ? "" : text_of(capability, "without_it"));
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

Json advice_json(const Json& report) {
  Json list = Json::array();
  for (Advice& one : advise(report)) list.push_back({{"what", one.what}, {"how", one.how}});
  return list;
}

void print_advice(const Json& report) {
  const Json& advice = report["advice"];
  if (advice.empty()) {
    fmt::print("Nothing is to be done: every TLS stack that was found is heard.\n");
    return;
  }
  fmt::print("What to do ({})\n", advice.size());
  for (const Json& one : advice) {
    fmt::print("  {}\n      {}\n", text_of(one, "what"), text_of(one, "how"));
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
  report["advice"] = advice_json(report);
  if (json) {
    fmt::print("{}\n", report.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    print_host(report);
    if (live.ok()) print_coverage(report);
    print_advice(report);
  }
  return live.ok() ? kExitGood : complain(live.error().message, kExitFailure);
}

}  // namespace sonde::app
