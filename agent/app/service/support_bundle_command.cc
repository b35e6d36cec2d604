// `sonde support-bundle`: what a stranger needs to find out why this agent does not do what it
// should. No text of an exchange, no evidence, no key or token: alerts in the spool are counted,
// not copied; of secrets only the paths are named. A configuration that is wrong is no hindrance:
// what is wrong with it stands in the bundle.
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/app/commands.h"
#include "agent/app/service/archive.h"
#include "agent/app/service/child.h"
#include "agent/app/service/commands.h"

namespace sonde::app {
namespace {

constexpr std::chrono::seconds kDeadline{60};
constexpr size_t kFileBytes = 4 << 20;

// Settings of the kernel that decide what an agent may do.
constexpr auto kKernelFiles = std::to_array<const char*>({
    "/proc/version",
    "/proc/sys/kernel/perf_event_paranoid",
    "/proc/sys/kernel/unprivileged_bpf_disabled",
    "/proc/sys/kernel/kptr_restrict",
    "/proc/sys/net/core/bpf_jit_enable",
    "/sys/kernel/security/lockdown",
    "/sys/kernel/security/lsm",
    "/proc/meminfo",
    "/proc/loadavg",
    "/etc/os-release",
});

constexpr const char* kServiceProperties =
    "ActiveState,SubState,Result,NRestarts,ExecMainStatus,MemoryCurrent,CPUUsageNSec,TasksCurrent,"
    "MainPID";

std::string kernel_text() {
  std::string text;
  for (const char* path : kKernelFiles) {
    std::ifstream file(path);
    text += fmt::format("== {}\n", path);
    text.append(std::istreambuf_iterator<char>(file), {});
    text += '\n';
  }
  return text;
}

std::string default_name() {
  utsname names{};
  ::uname(&names);
  const auto now = std::chrono::system_clock::now();
  return fmt::format("sonde-support-{}-{:%Y%m%dT%H%M%S}.tar.gz", names.nodename,
                     fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

struct Source {
  const char* name;  // in the archive
  std::vector<std::string> command;
};

std::vector<Source> sources_of(const SupportBundleOptions& options, const config::Config& config) {
  const std::string& sonde = options.program;
  std::vector<std::string> spool = {sonde, "spool", "--json"};
  if (!options.config.file.empty()) spool.insert(spool.end(), {"--config", options.config.file});
  std::vector<Source> sources = {
      {"version.txt", {sonde, "--version"}},
      {"doctor.json", {sonde, "doctor", "--json"}},
      {"spool.json", std::move(spool)},
      {"service.txt",
       {"systemctl", "show", "sonde-agent.service", "--property", kServiceProperties}},
      // The log holds no payload: libraries do not log, and errors name no text of an exchange.
      {"journal.txt",
       {"journalctl", "--unit=sonde-agent.service", "--lines=2000", "--no-pager", "--utc",
        "--output=short-iso"}},
  };
  if (!config.metrics.listen.empty()) {
    sources.push_back({"metrics.txt",
                       {"curl", "--silent", "--show-error", "--max-time", "10",
                        "http://" + config.metrics.listen + "/metrics"}});
  }
  return sources;
}

Status fill(Archive& archive, const SupportBundleOptions& options,
            const Result<config::Effective>& effective) {
  const int64_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const auto add = [&](const std::string& name, const std::string& content) {
    fmt::print(stderr, "  {}\n", name);
    return archive.add("sonde-support/" + name, content, now);
  };
  const std::string config =
      effective.ok() ? config::document_of(config::without_secrets(effective->settings), true)
                     : "# The configuration is wrong; defaults are in the place of it.\n" +
                           effective.error().message + "\n";
  if (Status added = add("config.yaml", config); !added.ok()) return added;
  if (Status added = add("kernel.txt", kernel_text()); !added.ok()) return added;
  for (const Source& source :
       sources_of(options, effective.ok() ? effective->config : config::Config())) {
    const ChildOutput output = run_child(source.command, kDeadline, kFileBytes);
    const std::string content =
        output.started ? output.text : fmt::format("{} is not here\n", source.command.front());
    if (Status added = add(source.name, content); !added.ok()) return added;
  }
  return archive.finish();
}

}  // namespace

int run_support_bundle(const SupportBundleOptions& options) {
  const auto effective = config::load_effective(options.config);
  const std::string path = options.output.empty() ? default_name() : options.output;
  auto archive = Archive::create(path);
  if (!archive.ok()) {
    fmt::print(stderr, "sonde support-bundle: {}\n", archive.error().message);
    return kExitFailure;
  }
  fmt::print(stderr, "collecting, without any text of an exchange:\n");
  if (const Status filled = fill(*archive, options, effective); !filled.ok()) {
    fmt::print(stderr, "sonde support-bundle: {}\n", filled.error().message);
    ::unlink(path.c_str());
    return kExitFailure;
  }
  fmt::print("{}\n", path);
  return kExitGood;
}

}  // namespace sonde::app
