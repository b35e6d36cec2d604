// The pods of this node, as the kubelet tells them: GET /pods, a v1 PodList. Pure and bounded;
// values, once made.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/app/identity/identity.h"
#include "agent/attach/cgroup_path.h"
#include "agent/base/result.h"

namespace sonde::app {

class PodList {
 public:
  PodList() = default;
  static Result<PodList> parse(std::string_view json);

  // Adds pod, labels, node, and what the runtime left open of name and image. By the container's
  // id, else by the pod's uid. False when the pod is not in the list.
  bool complete(const attach::CgroupMembership& membership, Identity& identity) const;
  size_t size() const { return pods_.size(); }

 private:
  struct PodContainer {
    std::string id;
    std::string name;
    std::string image;
  };
  struct Pod {
    llm::Kubernetes facts;  // without the container
    std::vector<PodContainer> containers;
  };
  friend struct PodReader;

  const Pod* find(const std::string& container_id, const std::string& pod_uid) const;

  std::vector<Pod> pods_;
  std::map<std::string, size_t> by_uid_;        // also a static pod's hash in its cgroup
  std::map<std::string, size_t> by_container_;  // id without "containerd://"
};

}  // namespace sonde::app
