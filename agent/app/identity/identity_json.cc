#include "agent/app/identity/identity_json.h"

#include <nlohmann/json.hpp>

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxLabels = 64;

void put(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

llm::Kubernetes read_kubernetes(const Json& json) {
  llm::Kubernetes pod{.namespace_name = text_of(json, "namespace"),
                      .pod = text_of(json, "pod"),
                      .container = text_of(json, "container"),
                      .node = text_of(json, "node"),
                      .pod_uid = text_of(json, "pod_uid"),
                      .labels = {}};
  const auto labels = json.find("labels");
  if (labels == json.end() || !labels->is_object()) return pod;
  for (const auto& [key, value] : labels->items()) {
    if (value.is_string() && pod.labels.size() < kMaxLabels)
      pod.labels.emplace_back(key, value.get<std::string>());
  }
  return pod;
}

}  // namespace

std::string identity_to_json(const std::string& cgroup, const Identity& identity) {
  Json json = {{"cgroup", cgroup}};
  if (identity.container) {
    Json& container = json["container"] = {{"id", identity.container->id}};
    put(container, "name", identity.container->name);
    put(container, "image", identity.container->image);
    put(container, "runtime", identity.container->runtime);
  }
  if (identity.kubernetes) {
    const llm::Kubernetes& facts = *identity.kubernetes;
    Json& pod = json["k8s"] = Json::object();
    put(pod, "namespace", facts.namespace_name);
    put(pod, "pod", facts.pod);
    put(pod, "container", facts.container);
    put(pod, "node", facts.node);
    put(pod, "pod_uid", facts.pod_uid);
    for (const auto& [key, value] : facts.labels) pod["labels"][key] = value;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::pair<std::string, Identity>> identity_from_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  std::pair<std::string, Identity> result{text_of(json, "cgroup"), {}};
  if (result.first.empty()) return std::nullopt;
  if (const auto found = json.find("container"); found != json.end() && found->is_object()) {
    result.second.container = llm::Container{.id = text_of(*found, "id"),
                                             .name = text_of(*found, "name"),
                                             .image = text_of(*found, "image"),
                                             .runtime = text_of(*found, "runtime")};
  }
  if (const auto found = json.find("k8s"); found != json.end() && found->is_object()) {
    result.second.kubernetes = read_kubernetes(*found);
  }
  return result;
}

}  // namespace sonde::app
