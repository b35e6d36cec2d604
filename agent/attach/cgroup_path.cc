#include "agent/attach/cgroup_path.h"

#include <algorithm>
#include <array>

namespace sonde::attach {
namespace {

constexpr size_t kContainerIdLength = 64;
constexpr size_t kMaxPodUid = 64;
constexpr size_t kMaxPath = 4096;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

struct Prefix {
  std::string_view text;
  std::string_view runtime;
};
// Before the id: "docker-ID.scope", "libpod-ID"; or the name of the folder above it.
constexpr auto kPrefixes = std::to_array<Prefix>({{"docker", "docker"},
                                                  {"cri-containerd", "containerd"},
                                                  {"nerdctl", "containerd"},
                                                  {"crio", "crio"},
                                                  {"libpod", "podman"},
                                                  {"libpod_parent", "podman"}});

std::string_view runtime_of(std::string_view prefix) {
  const auto* const found = std::find_if(kPrefixes.begin(), kPrefixes.end(),
                                         [&](const Prefix& known) { return known.text == prefix; });
  return found == kPrefixes.end() ? std::string_view() : found->runtime;
}

// "ID", "docker-ID.scope", "kubepods-podUID.slice:cri-containerd:ID" (a systemd path that cgroupfs
// took as it is). False: no container's.
bool read_id(std::string_view component, CgroupMembership& membership) {
  constexpr std::string_view kScope = ".scope";
  if (component.ends_with(kScope)) component.remove_suffix(kScope.size());
  if (component.size() < kContainerIdLength) return false;
  const std::string_view id = component.substr(component.size() - kContainerIdLength);
  if (!std::all_of(id.begin(), id.end(), is_hex)) return false;
  std::string_view prefix = component.substr(0, component.size() - kContainerIdLength);
  if (!prefix.empty()) {
    if (prefix.back() != '-' && prefix.back() != ':') return false;
    prefix.remove_suffix(1);
    prefix.remove_prefix(prefix.rfind(':') + 1);  // npos + 1 is 0
    // The monitor of a container is outside of it: "libpod-conmon-ID.scope".
    if (prefix.ends_with("conmon")) return false;
  }
  membership.container_id = id;
  membership.runtime = runtime_of(prefix);
  return true;
}

// "podUID", "kubepods-burstable-podUID.slice": systemd's '-' means a slice inside a slice, so the
// uid has '_' there.
std::string read_pod_uid(std::string_view component) {
  component = component.substr(0, component.find(':'));
  constexpr std::string_view kSlice = ".slice";
  std::string uid;
  if (component.ends_with(kSlice)) {
    component.remove_suffix(kSlice.size());
    const size_t at = component.rfind("-pod");
    if (!component.starts_with("kube") || at == std::string_view::npos) return {};
    uid = component.substr(at + 4);
    std::replace(uid.begin(), uid.end(), '_', '-');
  } else if (component.starts_with("pod")) {
    uid = component.substr(3);
  }
  const bool valid =
      uid.size() >= 8 && uid.size() <= kMaxPodUid &&
      std::all_of(uid.begin(), uid.end(), [](char c) { return is_hex(c) || c == '-'; });
  return valid ? uid : std::string();
}

CgroupMembership parse_path(std::string_view path) {
  CgroupMembership membership;
  membership.path = path;
  std::string_view above;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view component = path.substr(0, end);
    if (auto uid = read_pod_uid(component); !uid.empty()) membership.pod_uid = std::move(uid);
    if (read_id(component, membership) && membership.runtime.empty()) {
      membership.runtime = runtime_of(above);
    }
    above = component;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return membership;
}

// Of paths that name no container, which says most.
int rank(std::string_view controllers) {
  if (controllers.empty()) return 3;  // the unified hierarchy
  return controllers == "name=systemd" ? 2 : 1;
}

}  // namespace

CgroupMembership parse_cgroups(std::string_view text) {
  CgroupMembership best;
  int best_rank = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view path = line.substr(second + 1);
    if (path.size() <= 1 || path.size() > kMaxPath) continue;
    CgroupMembership membership = parse_path(path);
    const int its_rank =
        membership.container_id.empty() ? rank(line.substr(first + 1, second - first - 1)) : 4;
    if (its_rank <= best_rank) continue;
    best_rank = its_rank;
    best = std::move(membership);
  }
  return best;
}

}  // namespace sonde::attach
