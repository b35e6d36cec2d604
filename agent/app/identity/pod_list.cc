#include "agent/app/identity/pod_list.h"

#include <algorithm>

#include <simdjson.h>

namespace sonde::app {

namespace {

namespace dom = simdjson::dom;

constexpr size_t kMaxPods = 4096;
constexpr size_t kMaxContainers = 64;
constexpr size_t kMaxLabels = 64;
constexpr size_t kTextBytes = 512;

std::string text_at(const dom::element& element, std::string_view pointer) {
  std::string_view text;
  if (element.at_pointer(pointer).get(text) != simdjson::SUCCESS) return {};
  return std::string(text.substr(0, kTextBytes));
}

dom::array array_at(const dom::element& element, std::string_view pointer) {
  dom::array array;
  if (element.at_pointer(pointer).get(array) != simdjson::SUCCESS) return {};
  return array;
}

// "containerd://ID" -> "ID"
std::string without_scheme(std::string id) {
  const size_t at = id.find("://");
  return at == std::string::npos ? id : id.substr(at + 3);
}

}  // namespace

struct PodReader {
  static void read_labels(const dom::element& pod, PodList::Pod& out) {
    dom::object labels;
    if (pod.at_pointer("/metadata/labels").get(labels) != simdjson::SUCCESS) return;
    for (const auto [key, value] : labels) {
      std::string_view text;
      if (out.facts.labels.size() >= kMaxLabels || value.get(text) != simdjson::SUCCESS) continue;
      out.facts.labels.emplace_back(key.substr(0, kTextBytes), text.substr(0, kTextBytes));
    }
    std::sort(out.facts.labels.begin(), out.facts.labels.end());
  }

  static void read_containers(const dom::element& pod, PodList::Pod& out) {
    for (const char* list : {"/status/containerStatuses", "/status/initContainerStatuses",
                             "/status/ephemeralContainerStatuses"}) {
      const auto statuses = pod.at_pointer(list);
      if (!statuses.is_array()) continue;
      for (const dom::element status : array_at(pod, list)) {
        if (out.containers.size() >= kMaxContainers) return;
        out.containers.push_back({.id = without_scheme(text_at(status, "/containerID")),
                                  .name = text_at(status, "/name"),
                                  .image = text_at(status, "/image")});
      }
    }
  }

  static PodList::Pod read_pod(const dom::element& element) {
    PodList::Pod pod;
    pod.facts.namespace_name = text_at(element, "/metadata/namespace");
    pod.facts.pod = text_at(element, "/metadata/name");
    pod.facts.pod_uid = text_at(element, "/metadata/uid");
    pod.facts.node = text_at(element, "/spec/nodeName");
    read_labels(element, pod);
    read_containers(element, pod);
    return pod;
  }
};

Result<PodList> PodList::parse(std::string_view json) {
  dom::parser parser;
  dom::element root;
  dom::array items;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      root.at_pointer("/items").get(items) != simdjson::SUCCESS) {
    return fail("the answer is no list of pods");
  }
  PodList list;
  for (const dom::element item : items) {
    if (list.pods_.size() >= kMaxPods) break;
    const size_t index = list.pods_.size();
    list.pods_.push_back(PodReader::read_pod(item));
    const Pod& pod = list.pods_.back();
    if (!pod.facts.pod_uid.empty()) list.by_uid_.emplace(pod.facts.pod_uid, index);
    // A static pod's cgroup is named after the hash of its file.
    const std::string hash = text_at(item, "/metadata/annotations/kubernetes.io~1config.hash");
    if (!hash.empty()) list.by_uid_.emplace(hash, index);
    for (const PodContainer& container : pod.containers) {
      if (!container.id.empty()) list.by_container_.emplace(container.id, index);
    }
  }
  return list;
}

const PodList::Pod* PodList::find(const std::string& container_id,
                                  const std::string& pod_uid) const {
  if (const auto found = by_container_.find(container_id); found != by_container_.end()) {
    return &pods_[found->second];
  }
  const auto found = by_uid_.find(pod_uid);
  return found == by_uid_.end() ? nullptr : &pods_[found->second];
}

bool PodList::complete(const attach::CgroupMembership& membership, Identity& identity) const {
  const std::string id = identity.container ? identity.container->id : membership.container_id;
  const std::string uid = identity.kubernetes && !identity.kubernetes->pod_uid.empty()
                              ? identity.kubernetes->pod_uid
                              : membership.pod_uid;
  const Pod* const pod = find(id, uid);
  if (pod == nullptr) return false;
  std::string container = identity.kubernetes ? identity.kubernetes->container : std::string();
  const auto named = std::find_if(
      pod->containers.begin(), pod->containers.end(), [&](const PodContainer& candidate) {
        return candidate.id.empty() ? !container.empty() && candidate.name == container
                                    : candidate.id == id;
      });
  if (named != pod->containers.end()) {
    container = named->name;
    if (identity.container) {
      if (identity.container->name.empty()) identity.container->name = named->name;
      if (identity.container->image.empty()) identity.container->image = named->image;
    }
  }
  identity.kubernetes = pod->facts;
  identity.kubernetes->container = std::move(container);
  return true;
}

}  // namespace sonde::app
