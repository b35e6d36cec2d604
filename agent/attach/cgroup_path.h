// What /proc/PID/cgroup says of the container that a process is in, for the layouts of Docker,
// containerd, CRI-O and Podman, with and without Kubernetes, cgroup v1 and v2, made by cgroupfs or
// by systemd. Pure; the text is partly in the hands of whoever may make cgroups.
#pragma once

#include <string>
#include <string_view>

namespace sonde::attach {

struct CgroupMembership {
  // The path that names the container; without one, that of the unified hierarchy, or of systemd's,
  // or of any. Empty: the root of all.
  std::string path;
  std::string container_id;  // 64 hexadecimal digits, or empty
  std::string runtime;       // docker, containerd, crio, podman; empty: the path does not say
  std::string pod_uid;       // with '-', as Kubernetes writes it; empty: no pod
};

// `text`: the whole file (cgroups(7)). Nested containers: the innermost.
CgroupMembership parse_cgroups(std::string_view text);

}  // namespace sonde::attach
