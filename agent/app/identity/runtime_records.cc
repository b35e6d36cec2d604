#include "agent/app/identity/runtime_records.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr size_t kTextBytes = 512;

Json parse(std::string_view text) { return Json::parse(text, nullptr, false); }

// The member's text, cut at the limit; empty when it is not there or no text.
std::string text_of(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>().substr(0, kTextBytes);
}

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

void fill(std::string& target, std::string value) {
  if (target.empty()) target = std::move(value);
}

// Labels that the kubelet gives, the same for Docker and CRI-O; then those of containerd's CRI
// plugin; then names that are no pod's.
void read_annotations(const Json& annotations, RuntimeFacts& facts) {
  llm::Kubernetes& pod = facts.kubernetes;
  for (const char* prefix : {"io.kubernetes.pod.", "io.kubernetes.cri.sandbox-"}) {
    const auto value = [&](const char* name) {
      return text_of(annotations, (std::string(prefix) + name).c_str());
    };
    fill(pod.namespace_name, value("namespace"));
    fill(pod.pod, value("name"));
    fill(pod.pod_uid, value("uid"));
  }
  const bool sandbox = text_of(annotations, "io.kubernetes.cri.container-type") == "sandbox" ||
                       text_of(annotations, "io.kubernetes.cri-o.ContainerType") == "sandbox" ||
                       text_of(annotations, "io.kubernetes.docker.type") == "podsandbox";
  if (!sandbox) {
    fill(pod.container, text_of(annotations, "io.kubernetes.container.name"));
    fill(pod.container, text_of(annotations, "io.kubernetes.cri.container-name"));
  }
  fill(facts.name, pod.container);
  fill(facts.name, text_of(annotations, "nerdctl/name"));
  for (const char* key : {"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.UserRequestedImage",
                          "io.kubernetes.cri-o.ImageName", "nerdctl/image-ref"}) {
    fill(facts.image, text_of(annotations, key));
  }
}

}  // namespace

bool read_docker_config(std::string_view text, RuntimeFacts& facts) {
  const Json json = parse(text);
  const Json& config = member(json, "Config");
  if (!config.is_object()) return false;
  std::string name = text_of(json, "Name");
  if (name.starts_with('/')) name.erase(0, 1);
  fill(facts.name, std::move(name));
  fill(facts.image, text_of(config, "Image"));
  read_annotations(member(config, "Labels"), facts);
  return true;
}

bool read_bundle_config(std::string_view text, RuntimeFacts& facts) {
  const Json json = parse(text);
  if (!json.is_object() || !json.contains("ociVersion")) return false;
  read_annotations(member(json, "annotations"), facts);
  return true;
}

bool read_storage_list(std::string_view text, std::string_view id, RuntimeFacts& facts) {
  const Json list = parse(text);
  if (!list.is_array()) return false;
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const Json& entry) { return text_of(entry, "id") == id; });
  if (found == list.end()) return false;
  // A text with JSON in it, as each user of the library likes.
  const Json& written = member(*found, "metadata");
  const Json metadata = written.is_string() ? parse(written.get_ref<const std::string&>()) : Json();
  fill(facts.name, text_of(metadata, "name"));
  fill(facts.image, text_of(metadata, "image-name"));
  const Json& names = member(*found, "names");
  if (names.is_array() && !names.empty() && names[0].is_string()) {
    fill(facts.name, names[0].get_ref<const std::string&>().substr(0, kTextBytes));
  }
  return true;
}

bool read_runc_state(std::string_view text, RuntimeFacts& facts) {
  const Json json = parse(text);
  const Json& labels = member(member(json, "config"), "labels");
  if (!labels.is_array()) return false;
  Json annotations = Json::object();
  for (const Json& label : labels) {
    if (!label.is_string()) continue;
    const auto& pair = label.get_ref<const std::string&>();
    const size_t equals = pair.find('=');
    if (equals != std::string::npos) annotations[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  read_annotations(annotations, facts);
  return true;
}

}  // namespace sonde::app
