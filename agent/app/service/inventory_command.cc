// `sonde inventory`: which programs of this host speak to which models.
#include <cstdio>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agent/app/commands.h"
#include "agent/app/service/commands.h"
#include "agent/app/service/inventory.h"
#include "agent/app/service/printable.h"

namespace sonde::app {
namespace {

void print_names(const char* title, const std::set<std::string>& names) {
  if (names.empty()) return;
  std::vector<std::string> shown;
  for (const std::string& name : names) shown.push_back(printable(name));
  fmt::print("    {:<10} {}\n", title, fmt::join(shown, ", "));
}

void print_workload(const Workload& workload) {
  fmt::print("{}  ({}, uid {})\n", printable(workload.application), printable(workload.exe),
             workload.uid);
  if (workload.kubernetes) {
    const llm::Kubernetes& pod = *workload.kubernetes;
    fmt::print("    {:<10} {}/{} {}\n", "pod", printable(pod.namespace_name), printable(pod.pod),
               printable(pod.container));
  }
  if (workload.container) {
    fmt::print("    {:<10} {} {} {}\n", "container", printable(workload.container->name),
               printable(workload.container->image), printable(workload.container->id, 12));
  }
  print_names("providers", workload.providers);
  print_names("hosts", workload.hosts);
  print_names("models", workload.models);
  print_names("tools", workload.tools);
  print_names("mcp", workload.mcp_servers);
  print_names("keys", workload.key_fingerprints);
  fmt::print("    {:<10} {} exchanges, {} tokens in, {} out; first {}, last {}\n", "seen",
             workload.exchanges, workload.input_tokens, workload.output_tokens,
             format_rfc3339(workload.first_seen), format_rfc3339(workload.last_seen));
}

}  // namespace

int run_inventory(const InventoryOptions& options) {
  const auto effective = config::load_effective(options.config);
  if (!effective.ok()) {
    fmt::print(stderr, "{}\n", effective.error().message);
    return kExitUsage;
  }
  Inventory inventory;
  const Status loaded = inventory.load(inventory_path(effective->config));
  // An agent that has heard nothing yet has written nothing.
  if (!loaded.ok() && loaded.error().code != ENOENT) {
    fmt::print(stderr, "sonde inventory: {}\n", loaded.error().message);
    return kExitFailure;
  }
  const std::vector<Workload> workloads = inventory.workloads();
  if (options.json) {
    fmt::print("{}\n", inventory_json(workloads));
    return kExitGood;
  }
  for (const Workload& workload : workloads) print_workload(workload);
  if (workloads.empty())
    fmt::print("no exchange with a language model was heard on this host yet\n");
  return kExitGood;
}

}  // namespace sonde::app
