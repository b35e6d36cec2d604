#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "agent/app/service/inventory.h"

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr const char* kSchema = "sonde.inventory/1";

void put(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}
void put(Json& object, const char* key, const std::set<std::string>& values) {
  if (!values.empty()) object[key] = values;
}

Json json_of(const Workload& workload) {
  Json json = {{"application", workload.application},
               {"exe", workload.exe},
               {"uid", workload.uid},
               {"exchanges", workload.exchanges},
               {"input_tokens", workload.input_tokens},
               {"output_tokens", workload.output_tokens},
               {"first_seen", format_rfc3339(workload.first_seen)},
               {"last_seen", format_rfc3339(workload.last_seen)}};
  put(json, "providers", workload.providers);
  put(json, "hosts", workload.hosts);
  put(json, "models", workload.models);
  put(json, "tools", workload.tools);
  put(json, "mcp_servers", workload.mcp_servers);
  put(json, "key_fingerprints", workload.key_fingerprints);
  if (workload.container) {
    Json& container = json["container"] = {{"id", workload.container->id}};
    put(container, "name", workload.container->name);
    put(container, "image", workload.container->image);
  }
  if (workload.kubernetes) {
    Json& pod = json["k8s"] = Json::object();
    put(pod, "namespace", workload.kubernetes->namespace_name);
    put(pod, "pod", workload.kubernetes->pod);
    put(pod, "container", workload.kubernetes->container);
    put(pod, "node", workload.kubernetes->node);
  }
  return json;
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
uint64_t number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}
std::set<std::string> names(const Json& object, const char* key) {
  std::set<std::string> out;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return out;
  for (const Json& name : *found) {
    if (name.is_string() && out.size() < Inventory::kNames) out.insert(name.get<std::string>());
  }
  return out;
}

// format_rfc3339()'s own form; the epoch where it is another.
WallTime time_of(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S.", &parts);
  if (rest == nullptr) return {};
  const auto micros = static_cast<uint64_t>(std::strtoul(rest, nullptr, 10)) % 1'000'000;
  return wall_time(static_cast<uint64_t>(::timegm(&parts)) * 1'000'000'000 + micros * 1000);
}

Workload workload_of(const Json& json) {
  Workload workload;
  workload.application = text(json, "application");
  workload.exe = text(json, "exe");
  workload.uid = static_cast<uint32_t>(number(json, "uid"));
  workload.exchanges = number(json, "exchanges");
  workload.input_tokens = number(json, "input_tokens");
  workload.output_tokens = number(json, "output_tokens");
  workload.first_seen = time_of(text(json, "first_seen"));
  workload.last_seen = time_of(text(json, "last_seen"));
  workload.providers = names(json, "providers");
  workload.hosts = names(json, "hosts");
  workload.models = names(json, "models");
  workload.tools = names(json, "tools");
  workload.mcp_servers = names(json, "mcp_servers");
  workload.key_fingerprints = names(json, "key_fingerprints");
  if (const auto found = json.find("container"); found != json.end() && found->is_object()) {
    workload.container =
        llm::Container{text(*found, "id"), text(*found, "name"), text(*found, "image"), {}};
  }
  if (const auto found = json.find("k8s"); found != json.end() && found->is_object()) {
    llm::Kubernetes pod;
    pod.namespace_name = text(*found, "namespace");
    pod.pod = text(*found, "pod");
    pod.container = text(*found, "container");
    pod.node = text(*found, "node");
    workload.kubernetes = std::move(pod);
  }
  return workload;
}

}  // namespace

std::string inventory_json(const std::vector<Workload>& workloads) {
  Json json = {{"schema", kSchema}, {"workloads", Json::array()}};
  for (const Workload& workload : workloads) json["workloads"].push_back(json_of(workload));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::vector<Workload>> parse_inventory(std::string_view text_of_file) {
  const Json json = Json::parse(text_of_file, nullptr, false);
  if (!json.is_object() || text(json, "schema") != kSchema || !json.contains("workloads") ||
      !json["workloads"].is_array()) {
    return fail("is no inventory of this version");
  }
  std::vector<Workload> workloads;
  for (const Json& entry : json["workloads"]) {
    if (entry.is_object()) workloads.push_back(workload_of(entry));
  }
  return workloads;
}

}  // namespace sonde::app
