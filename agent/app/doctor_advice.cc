#include "agent/app/doctor_advice.h"

#include <array>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr size_t kPidsNamed = 3;

struct FeatureAdvice {
  const char* name;
  const char* without;
};
constexpr auto kFeatures = std::to_array<FeatureAdvice>({
    {"exec_tracepoints", "new programs are noticed late, and their first request can be missed"},
    {"socket_trace", "connections have no addresses, only the host names that they speak to"},
    {"plain_http", "model servers without TLS are not heard"},
    {"stdio", "MCP servers over standard input and output are not heard"},
    {"sleepable_uprobes", "bytes in pages that are not in memory are lost, and counted"},
});

std::string text_of(const Json& json, const char* key) { return json.value(key, std::string()); }

void advise_on_capabilities(const Json& report, std::vector<Advice>& advice) {
  for (const Json& capability : report.value("capabilities", Json::array())) {
    if (capability.value("present", true) || !capability.value("needed", true)) continue;
    const std::string name = text_of(capability, "name");
    const char* const how =
        name == "CAP_SYS_ADMIN"
            ? "install -D /usr/share/sonde/sys-admin.conf "
              "/etc/systemd/system/sonde-agent.service.d/sys-admin.conf, then restart the agent; "
              "docs/INSTALL.md says when a kernel can do without"
            : "run as root, or name it in AmbientCapabilities and CapabilityBoundingSet of "
              "sonde-agent.service, or in the container's securityContext";
    advice.push_back(
        {fmt::format("{} is missing: {}", name, text_of(capability, "without_it")), how});
  }
}

void advise_on_kernel(const Json& report, std::vector<Advice>& advice) {
  if (!report.value("kernel", Json::object()).value("btf", true)) {
    advice.push_back({"this kernel has no BTF: no probe can be attached",
                      "use a kernel with CONFIG_DEBUG_INFO_BTF, as distributions build them"});
  }
  if (!report.value("can_listen", true) && advice.empty()) {
    advice.push_back(
        {text_of(report, "reason"), "see docs/TROUBLESHOOTING.md, \"The agent does not start\""});
  }
  const Json features = report.value("features", Json::object());
  for (const FeatureAdvice& feature : kFeatures) {
    if (features.value(feature.name, true)) continue;
    advice.push_back({fmt::format("this kernel has no {}: {}", feature.name, feature.without),
                      "a kernel from 6.1 on has it"});
  }
}

// Files and programs that are found and not heard, with the processes that run them.
void advise_on_coverage(const Json& report, std::vector<Advice>& advice) {
  std::map<std::pair<std::string, std::string>, std::vector<uint32_t>> pids;
  for (const Json& process : report.value("processes", Json::array())) {
    if (process.value("covered", true)) continue;
    pids[{text_of(process, "exe"), text_of(process, "reason")}].push_back(process.value("pid", 0U));
  }
  for (const Json& file : report.value("files", Json::array())) {
    if (!file.value("covered", true)) pids[{text_of(file, "path"), text_of(file, "reason")}];
  }
  for (const auto& [place, running] : pids) {
    const auto& [path, reason] = place;
    const size_t named = std::min(running.size(), kPidsNamed);
    std::string who;
    if (named > 0) {
      who = fmt::format(
          " (pid {}{})",
          fmt::join(running.begin(), running.begin() + static_cast<ptrdiff_t>(named), ", "),
          running.size() > named ? fmt::format(" and {} more", running.size() - named) : "");
    }
    advice.push_back(
        {fmt::format("{}{} is not heard: {}", path, who, reason),
         fmt::format("`sonde locate '{}'` says what is in the file; a newer release of "
                     "the program or of Sonde may be heard",
                     path)});
  }
}

}  // namespace

std::vector<Advice> advise(const Json& report) {
  std::vector<Advice> advice;
  advise_on_capabilities(report, advice);
  advise_on_kernel(report, advice);
  advise_on_coverage(report, advice);
  return advice;
}

}  // namespace sonde::app
