#include "agent/app/service/inventory.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>

#include "agent/alert/alert.h"
#include "agent/sink/file.h"

namespace sonde::app {
namespace {

void add_name(std::set<std::string>& names, const std::string& name) {
  if (name.empty()) return;
  if (names.size() < Inventory::kNames) names.insert(name.substr(0, Inventory::kNameBytes));
}

// A restarted pod or container is the same workload: its name and image stay, its id does not.
std::string place_of(const llm::Exchange& exchange) {
  const auto& pod = exchange.kubernetes;
  const auto& container = exchange.container;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", exchange.process.exe, exchange.process.uid,
                     alert::application_of(exchange), pod ? pod->namespace_name : "",
                     pod ? pod->container : "", container ? container->name : "",
                     container ? container->image : "");
}

void merge(const llm::Exchange& exchange, Workload& workload) {
  add_name(workload.providers, exchange.provider);
  add_name(workload.hosts, exchange.network.host);
  add_name(workload.models,
           exchange.response_model.empty() ? exchange.request_model : exchange.response_model);
  add_name(workload.key_fingerprints, exchange.key_fingerprint);
  if (exchange.provider == "mcp") add_name(workload.mcp_servers, exchange.network.host);
  for (const llm::Message& message : exchange.output) {
    for (const llm::Part& part : message.parts) {
      if (part.type == llm::PartType::kToolCall) add_name(workload.tools, part.name);
    }
  }
  ++workload.exchanges;
  workload.input_tokens += exchange.input_tokens.value_or(0);
  workload.output_tokens += exchange.output_tokens.value_or(0);
  workload.last_seen = std::max(workload.last_seen, exchange.start_time);
}

}  // namespace

void Inventory::note(const llm::Exchange& exchange) {
  const std::string place = place_of(exchange);
  const std::lock_guard lock(mutex_);
  auto found = by_place_.find(place);
  if (found == by_place_.end()) {
    make_room();
    found = by_place_.try_emplace(place).first;
    found->second.first_seen = exchange.start_time;
  }
  Workload& workload = found->second;
  workload.application = alert::application_of(exchange).substr(0, kNameBytes);
  workload.exe = exchange.process.exe;
  workload.uid = exchange.process.uid;
  workload.container = exchange.container;
  workload.kubernetes = exchange.kubernetes;
  merge(exchange, workload);
  changed_ = true;
}

void Inventory::make_room() {
  if (by_place_.size() < kWorkloads) return;
  by_place_.erase(std::min_element(
      by_place_.begin(), by_place_.end(),
      [](const auto& a, const auto& b) { return a.second.last_seen < b.second.last_seen; }));
}

std::vector<Workload> Inventory::workloads() const {
  std::vector<Workload> all;
  {
    const std::lock_guard lock(mutex_);
    all.reserve(by_place_.size());
    for (const auto& [place, workload] : by_place_) all.push_back(workload);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Workload& a, const Workload& b) { return a.last_seen > b.last_seen; });
  return all;
}

Status Inventory::load(const std::string& path) {
  const auto file = sink::File::open(path, O_RDONLY);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  const auto size = file->size();
  if (!size.ok()) return tl::unexpected<Error>(size.error());
  const auto text = file->read(0, *size);
  if (!text.ok()) return tl::unexpected<Error>(text.error());
  auto workloads = parse_inventory(*text);
  if (!workloads.ok()) return fail(fmt::format("'{}': {}", path, workloads.error().message));
  const std::lock_guard lock(mutex_);
  by_place_.clear();
  for (Workload& workload : *workloads) {
    if (by_place_.size() == kWorkloads) break;
    llm::Exchange key;
    key.process.exe = workload.exe;
    key.process.uid = workload.uid;
    key.user.application_name = workload.application;
    key.kubernetes = workload.kubernetes;
    key.container = workload.container;
    by_place_.insert_or_assign(place_of(key), std::move(workload));
  }
  changed_ = false;
  return {};
}

Status Inventory::save(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (!changed_) return {};
    changed_ = false;
  }
  return sink::replace_file(path, inventory_json(workloads()) + "\n");
}

}  // namespace sonde::app
