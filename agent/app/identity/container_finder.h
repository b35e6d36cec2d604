// Which container a cgroup is, by the files that runtimes leave on the host: Docker, containerd
// (with and without Kubernetes, also inside k3s and MicroK8s), CRI-O, Podman (rootless too), runc.
// Reads a few small files for each question: for a thread that may wait. Keeps nothing.
#pragma once

#include <string>

#include "agent/app/identity/host_files.h"
#include "agent/app/identity/identity.h"
#include "agent/app/identity/runtime_records.h"
#include "agent/attach/cgroup_path.h"

namespace sonde::app {

class ContainerFinder {
 public:
  // `root`: where the host's root is seen.
  explicit ContainerFinder(const std::string& root) : files_(root) {}

  // No container where the cgroup names none. A container whose runtime left nothing has its id.
  Identity find(const attach::CgroupMembership& membership) const;

 private:
  bool in_docker(const std::string& id, RuntimeFacts& facts) const;
  // `cgroup` must be that of the record, where it is given: a name of a container is no proof.
  bool in_containerd(const std::string& id, const std::string& cgroup, RuntimeFacts& facts) const;
  bool in_storage(const std::string& id, const std::string& root, RuntimeFacts& facts) const;
  bool in_runc(const std::string& id, const std::string& cgroup, RuntimeFacts& facts) const;
  std::string home_of(std::string_view uid) const;
  std::string find_by_id(const attach::CgroupMembership& membership, RuntimeFacts& facts) const;

  HostFiles files_;
};

}  // namespace sonde::app
