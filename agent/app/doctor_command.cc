// `sonde doctor`: what this kernel allows, and which TLS stacks are heard or not, and why.
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>

#include "agent/app/commands.h"
#include "agent/app/live_capture.h"

namespace sonde::app {
namespace {

using Json = nlohmann::json;

std::string kernel_release() {
  utsname names{};
  uname(&names);
  return fmt::format("{} {}", names.release, names.machine);
}

Json coverage_json(const std::vector<attach::CoverageEntry>& entries) {
  Json list = Json::array();
  for (const auto& entry : entries) {
    Json item{{"path", entry.path}, {"tls", entry.tls}, {"covered", entry.reason.empty()}};
    if (!entry.located_by.empty()) item["located_by"] = entry.located_by;
    if (!entry.version.empty()) item["version"] = entry.version;
    if (entry.probes > 0) item["probes"] = entry.probes;
    if (!entry.reason.empty()) item["reason"] = entry.reason;
    list.push_back(std::move(item));
  }
  return list;
}

void print_report(const attach::KernelFeatures& features,
                  const std::vector<attach::CoverageEntry>& entries) {
  const auto yes = [](bool value) { return value ? "yes" : "no"; };
  fmt::print("kernel               {}\n", kernel_release());
  fmt::print("sleepable uprobes    {}\n", yes(features.sleepable));
  fmt::print("attach cookies       {}\n", yes(features.attach_cookie));
  fmt::print("BTF exec tracepoints {}\n\n", yes(features.exec_trace));
  for (const auto& entry : entries) {
    fmt::print("{:<9} {:<10} {} {}{}\n", entry.reason.empty() ? "heard" : "NOT HEARD", entry.tls,
               entry.path, entry.version, entry.reason.empty() ? "" : ": " + entry.reason);
  }
}

}  // namespace

int run_doctor(bool json) {
  Counters counters;
  auto live = LiveCapture::start({}, counters);
  if (!live.ok()) {
    if (json) {
      fmt::print("{}\n", Json{{"kernel", {{"release", kernel_release()}}},
                              {"can_listen", false},
                              {"reason", live.error().message}}
                             .dump());
    }
    return complain(live.error().message, kExitFailure);
  }
  const attach::KernelFeatures features = (*live)->probes().features();
  const auto entries = (*live)->attacher().coverage();
  if (!json) {
    print_report(features, entries);
    return kExitGood;
  }
  const Json report{{"schema", "sonde.doctor/1"},
                    {"can_listen", true},
                    {"kernel",
                     {{"release", kernel_release()},
                      {"sleepable_uprobes", features.sleepable},
                      {"attach_cookie", features.attach_cookie},
                      {"exec_tracepoints", features.exec_trace}}},
                    {"tls", coverage_json(entries)}};
  fmt::print("{}\n", report.dump(-1, ' ', false, Json::error_handler_t::replace));
  return kExitGood;
}

}  // namespace sonde::app
