// Which programs of this host speak to which models: what `sonde inventory` shows. Metadata only,
// never a text of an exchange.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

// One program in one place: an executable on the host, in a container, or in a pod.
struct Workload {
  std::string application;
  std::string exe;
  uint32_t uid = 0;
  std::optional<llm::Container> container;
  std::optional<llm::Kubernetes> kubernetes;

  std::set<std::string> providers;
  std::set<std::string> hosts;
  std::set<std::string> models;
  std::set<std::string> tools;  // that the model called
  std::set<std::string> mcp_servers;
  std::set<std::string> key_fingerprints;
  uint64_t exchanges = 0;
  uint64_t input_tokens = 0;
  uint64_t output_tokens = 0;
  WallTime first_seen{};
  WallTime last_seen{};
};

// Thread-safe. Invariant: never more than kWorkloads, the one unseen for longest makes room; no set
// holds more than kNames names, no name more than kNameBytes.
class Inventory {
 public:
  static constexpr size_t kWorkloads = 2048;
  static constexpr size_t kNames = 256;
  static constexpr size_t kNameBytes = 256;

  void note(const llm::Exchange& exchange);
  // The last seen first.
  std::vector<Workload> workloads() const;

  // What an earlier run saved; a file that is not there or not readable as ours leaves it empty,
  // and the error says so.
  Status load(const std::string& path);
  // Replaces the file as a whole; nothing where nothing was noted since.
  Status save(const std::string& path);

 private:
  void make_room();

  mutable std::mutex mutex_;
  std::map<std::string, Workload, std::less<>> by_place_;
  bool changed_ = false;
};

// {"schema":"sonde.inventory/1","workloads":[...]}.
std::string inventory_json(const std::vector<Workload>& workloads);
Result<std::vector<Workload>> parse_inventory(std::string_view json);

}  // namespace sonde::app
