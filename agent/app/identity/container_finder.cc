#include "agent/app/identity/container_finder.h"

#include <algorithm>
#include <array>
#include <vector>

#include <nlohmann/json.hpp>

namespace sonde::app {
namespace {

constexpr size_t kConfigBytes = 1 << 20;
constexpr size_t kListBytes = 16 << 20;
constexpr size_t kMaxNamespaces = 64;
constexpr size_t kMaxNameLength = 128;
constexpr size_t kPathDepth = 4;

// Where containerd keeps its state, by who runs it.
constexpr auto kContainerdStates = std::to_array<const char*>(
    {"run/containerd", "run/k3s/containerd", "run/docker/containerd/daemon",
     "var/snap/microk8s/common/run/containerd"});
constexpr auto kTaskFolders =
    std::to_array<const char*>({"io.containerd.runtime.v2.task", "io.containerd.runtime.v1.linux"});
constexpr auto kRuncStates = std::to_array<const char*>({"run/runc", "run/crun"});

// A container's name as runtimes allow it, so that it can stand in a path.
bool is_name(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789";
  return !name.empty() && name.size() <= kMaxNameLength && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
                  c == '-' || c == '+' || kDigits.find(c) != std::string_view::npos;
         });
}

// The last components of a cgroup's path that may be a container's name, innermost first.
std::vector<std::string> candidates(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty() && names.size() < kPathDepth) {
    const size_t slash = path.rfind('/');
    std::string_view name = path.substr(slash + 1);  // npos + 1 is 0
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    if (name.ends_with(".slice") || name.ends_with(".service")) continue;
    if (name.ends_with(".scope")) {  // PREFIX-NAME.scope
      name.remove_suffix(6);
      name.remove_prefix(name.find('-') + 1);
    }
    if (is_name(name)) names.emplace_back(name);
  }
  return names;
}

// Whether a bundle says of itself that it is in this cgroup: "/default/web", or for systemd
// "SLICE:PREFIX:NAME". Without `cgroup` anything is right.
bool is_of_cgroup(const nlohmann::json& path, const std::string& id, const std::string& cgroup) {
  if (cgroup.empty()) return true;
  if (!path.is_string()) return false;
  const auto& said = path.get_ref<const std::string&>();
  if (said.find(':') != std::string::npos) return said.ends_with(":" + id);
  return !said.empty() && (cgroup + "/").find(said + "/") != std::string::npos;
}

bool bundle_is_of_cgroup(const std::string& text, const std::string& id,
                         const std::string& cgroup) {
  if (cgroup.empty()) return true;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return false;
  const auto settings = json.find("linux");
  return settings != json.end() && settings->is_object() && settings->contains("cgroupsPath") &&
         is_of_cgroup((*settings)["cgroupsPath"], id, cgroup);
}

bool state_is_of_cgroup(const std::string& text, const std::string& cgroup) {
  if (cgroup.empty()) return true;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("cgroup_paths")) return false;
  const auto& paths = json["cgroup_paths"];
  return paths.is_object() && std::any_of(paths.begin(), paths.end(), [&](const auto& path) {
           return path.is_string() && path.template get_ref<const std::string&>().ends_with(cgroup);
         });
}

llm::Container container_of(std::string id, const std::string& runtime, const RuntimeFacts& facts) {
  return {.id = std::move(id), .name = facts.name, .image = facts.image, .runtime = runtime};
}

// The digits of "user-1000.slice".
std::string_view user_of(std::string_view path) {
  const size_t at = path.find("/user-");
  if (at == std::string_view::npos) return {};
  path.remove_prefix(at + 6);
  path = path.substr(0, path.find('.'));
  return path.find_first_not_of("0123456789") == std::string_view::npos ? path : std::string_view();
}

}  // namespace

bool ContainerFinder::in_docker(const std::string& id, RuntimeFacts& facts) const {
  std::vector<std::string> roots = {"var/lib/docker", "var/snap/docker/common/var-lib-docker"};
  if (const auto text = files_.read("etc/docker/daemon.json", kConfigBytes)) {
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    if (json.is_object() && json.contains("data-root") && json["data-root"].is_string()) {
      roots.insert(roots.begin(), json["data-root"].get<std::string>());
    }
  }
  return std::any_of(roots.begin(), roots.end(), [&](const std::string& root) {
    const auto text = files_.read(root + "/containers/" + id + "/config.v2.json", kConfigBytes);
    return text && read_docker_config(*text, facts);
  });
}

bool ContainerFinder::in_containerd(const std::string& id, const std::string& cgroup,
                                    RuntimeFacts& facts) const {
  for (const std::string state : kContainerdStates) {
    for (const std::string tasks : kTaskFolders) {
      const std::string folder = state + "/" + tasks + "/";
      for (const std::string& space : files_.list(folder, kMaxNamespaces)) {
        const auto text = files_.read(folder + space + "/" + id + "/config.json", kConfigBytes);
        if (!text || !bundle_is_of_cgroup(*text, id, cgroup)) continue;
        if (read_bundle_config(*text, facts)) return true;
      }
    }
  }
  return false;
}

// `root`: a graph root or a run root of containers/storage, with a folder for each driver.
bool ContainerFinder::in_storage(const std::string& id, const std::string& root,
                                 RuntimeFacts& facts) const {
  bool found = false;
  for (const std::string& folder : files_.list(root, kMaxNamespaces)) {
    if (!folder.ends_with("-containers")) continue;
    const std::string base = root + "/" + folder + "/";
    const auto config = files_.read(base + id + "/userdata/config.json", kConfigBytes);
    if (config) found |= read_bundle_config(*config, facts);
    for (const char* list : {"containers.json", "volatile-containers.json"}) {
      const auto text = files_.read(base + list, kListBytes);
      if (text) found |= read_storage_list(*text, id, facts);
    }
  }
  return found;
}

bool ContainerFinder::in_runc(const std::string& id, const std::string& cgroup,
                              RuntimeFacts& facts) const {
  return std::any_of(kRuncStates.begin(), kRuncStates.end(), [&](const std::string root) {
    const auto text = files_.read(root + "/" + id + "/state.json", kConfigBytes);
    return text && state_is_of_cgroup(*text, cgroup) && read_runc_state(*text, facts);
  });
}

// By /etc/passwd: where rootless Podman keeps its containers.
std::string ContainerFinder::home_of(std::string_view uid) const {
  const auto passwd = files_.read("etc/passwd", kConfigBytes);
  std::string_view rest = passwd ? std::string_view(*passwd) : std::string_view();
  while (!uid.empty() && !rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::array<std::string_view, 6> fields;  // name:password:uid:gid:gecos:home:shell
    for (std::string_view& field : fields) {
      field = line.substr(0, line.find(':'));
      line.remove_prefix(std::min(field.size() + 1, line.size()));
    }
    if (fields[2] == uid) return std::string(fields[5]);
  }
  return {};
}

// The runtime whose files know the id; facts are then filled in.
std::string ContainerFinder::find_by_id(const attach::CgroupMembership& membership,
                                        RuntimeFacts& facts) const {
  const std::string& id = membership.container_id;
  if (in_docker(id, facts)) return "docker";
  if (in_containerd(id, {}, facts)) return "containerd";
  bool stored = in_storage(id, "run/containers/storage", facts);
  stored |= in_storage(id, "var/lib/containers/storage", facts);
  if (!stored) {
    const std::string home = home_of(user_of(membership.path));
    stored = !home.empty() && in_storage(id, home + "/.local/share/containers/storage", facts);
  }
  if (stored) return facts.kubernetes.pod.empty() ? "podman" : "crio";
  if (in_runc(id, {}, facts)) return "runc";
  return {};
}

Identity ContainerFinder::find(const attach::CgroupMembership& membership) const {
  Identity identity;
  RuntimeFacts facts;
  if (!membership.container_id.empty()) {
    const std::string runtime = find_by_id(membership, facts);
    identity.container = container_of(
        membership.container_id, membership.runtime.empty() ? runtime : membership.runtime, facts);
  } else {
    for (std::string& name : candidates(membership.path)) {
      const bool containerd = in_containerd(name, membership.path, facts);
      if (!containerd && !in_runc(name, membership.path, facts)) continue;
      if (facts.name.empty()) facts.name = name;
      identity.container = container_of(std::move(name), containerd ? "containerd" : "runc", facts);
      break;
    }
  }
  if (facts.kubernetes.pod_uid.empty()) facts.kubernetes.pod_uid = membership.pod_uid;
  if (!facts.kubernetes.pod.empty() || !facts.kubernetes.pod_uid.empty()) {
    identity.kubernetes = std::move(facts.kubernetes);
  }
  return identity;
}

}  // namespace sonde::app
