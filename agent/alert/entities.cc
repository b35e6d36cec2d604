#include "agent/alert/entities.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "agent/alert/names.h"

namespace sonde::alert {
namespace {

constexpr size_t kEntities = 64;
constexpr size_t kParents = 8;

class EntityList {
 public:
  void add(std::string_view type, std::string value) {
    if (value.empty() || entities_.size() >= kEntities) return;
    Entity entity{type, std::move(value)};
    if (std::find(entities_.begin(), entities_.end(), entity) == entities_.end()) {
      entities_.push_back(std::move(entity));
    }
  }
  std::vector<Entity> take() { return std::move(entities_); }

 private:
  std::vector<Entity> entities_;
};

// Ancestors that unrelated programs share: above them a process tree says nothing.
bool is_shared_ancestor(const llm::ProcessRef& parent) {
  constexpr auto kShared = std::to_array<std::string_view>({"systemd",
                                                            "init",
                                                            "bash",
                                                            "sh",
                                                            "dash",
                                                            "zsh",
                                                            "fish",
                                                            "busybox",
                                                            "sshd",
                                                            "login",
                                                            "su",
                                                            "sudo",
                                                            "cron",
                                                            "crond",
                                                            "tini",
                                                            "dumb-init",
                                                            "dockerd",
                                                            "containerd",
                                                            "containerd-shim",
                                                            "containerd-shim-runc-v2",
                                                            "conmon",
                                                            "crio",
                                                            "podman",
                                                            "runc",
                                                            "kubelet",
                                                            "supervisord",
                                                            "tmux",
                                                            "screen",
                                                            "gnome-shell",
                                                            "xargs",
                                                            "make",
                                                            "timeout",
                                                            "env"});
  const std::string_view name = base_name(parent.exe);
  return parent.pid <= 1 || std::find(kShared.begin(), kShared.end(), name) != kShared.end();
}

void add_processes(const llm::Process& process, const HostFacts& host, EntityList& list) {
  if (process.pid == 0) return;
  list.add("process", fmt::format("{}/{}/{}", host.agent_id, process.pid, process.start_time_ns));
  list.add("process_tree", fmt::format("{}/{}", host.agent_id, process.pid));
  size_t depth = 0;
  for (const llm::ProcessRef& parent : process.parents) {
    if (++depth > kParents || is_shared_ancestor(parent)) return;
    list.add("process_tree", fmt::format("{}/{}", host.agent_id, parent.pid));
  }
}

// Facts of detectors that name something another alert may name as well.
void add_facts(const detect::Finding& finding, EntityList& list) {
  struct Fact {
    std::string_view key;
    std::string_view type;
  };
  constexpr auto kFacts = std::to_array<Fact>({{"fingerprint", "secret"},
                                               {"url", "url"},
                                               {"domain", "domain"},
                                               {"ip", "ip"},
                                               {"tool", "tool"},
                                               {"mcp_server", "mcp_server"}});
  for (const Fact& fact : kFacts) {
    const auto found = finding.data.find(std::string(fact.key));
    if (found != finding.data.end()) list.add(fact.type, found->second);
  }
}

}  // namespace

std::vector<Entity> entities_of(const detect::Finding& finding, const llm::Exchange& exchange,
                                const HostFacts& host) {
  EntityList list;
  list.add("host", host.hostname);
  list.add("application", application_of(exchange));
  add_processes(exchange.process, host, list);
  if (finding.process) add_processes(*finding.process, host, list);
  if (exchange.container) list.add("container", exchange.container->id);
  if (exchange.kubernetes && !exchange.kubernetes->pod.empty()) {
    list.add("pod", exchange.kubernetes->namespace_name + "/" + exchange.kubernetes->pod);
  }
  list.add("conversation", exchange.conversation_id);
  list.add("end_user", exchange.user.end_user_id);
  list.add("source_ip", exchange.user.source_ip);
  list.add("provider", exchange.provider);
  list.add("model",
           exchange.response_model.empty() ? exchange.request_model : exchange.response_model);
  list.add("api_key", exchange.key_fingerprint);
  add_facts(finding, list);
  return list.take();
}

}  // namespace sonde::alert
