#include "agent/app/process_table.h"

#include <nlohmann/json.hpp>

#include "agent/app/identity/identity_json.h"

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxExited = 8192;
constexpr int kMaxParents = 16;
constexpr size_t kMaxIdentities = 16384;
// /proc tells start times in ticks (USER_HZ, proc_pid_stat(5)); both sources must say the same.
constexpr uint64_t kClockTickNs = 10'000'000;

std::vector<std::string> split_arguments(std::string_view text) {
  std::vector<std::string> arguments;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\0'), text.size());
    arguments.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return arguments;
}

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

template <typename T>
T number_of(const Json& json, const char* key, T otherwise) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<T>() : otherwise;
}

const Json* array_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_array() ? &*found : nullptr;
}

}  // namespace

void ProcessTable::on_exec(uint32_t tgid, const capture::ExecEvent& event) {
  Entry entry;
  entry.process.pid = tgid;
  entry.process.uid = event.uid;
  entry.process.start_time_ns = event.start_time_ns - event.start_time_ns % kClockTickNs;
  entry.process.exe = event.path;
  entry.process.command_line = split_arguments(event.arguments);
  entry.parent_tgid = event.parent_tgid;
  entry.from_birth = true;
  // A process stays in its cgroup over exec, and is born into its parent's.
  auto origin = entries_.find(tgid);
  if (origin == entries_.end() || origin->second.exited || origin->second.cgroup.empty())
    origin = entries_.find(event.parent_tgid);
  if (origin != entries_.end()) {
    entry.container_id = origin->second.container_id;
    entry.cgroup = origin->second.cgroup;
  }
  entries_[tgid] = std::move(entry);
}

void ProcessTable::on_process(uint32_t tgid, const capture::ProcessEvent& event) {
  const Json json = Json::parse(event.json, nullptr, false);
  if (!json.is_object()) return;
  Entry& entry = entries_[tgid];
  entry.process.pid = tgid;
  entry.resolved = true;
  entry.exited = false;
  if (auto exe = text_of(json, "exe"); !exe.empty()) entry.process.exe = std::move(exe);
  entry.process.uid = number_of(json, "uid", entry.process.uid);
  entry.process.start_time_ns = number_of(json, "start_time_ns", entry.process.start_time_ns);
  entry.container_id = text_of(json, "container_id");
  entry.cgroup = text_of(json, "cgroup");
  if (const Json* arguments = array_of(json, "cmdline"); arguments && !arguments->empty()) {
    entry.process.command_line.clear();
    for (const Json& argument : *arguments) {
      if (argument.is_string()) entry.process.command_line.push_back(argument.get<std::string>());
    }
  }
  entry.process.parents.clear();
  const Json* parents = array_of(json, "parents");
  for (const Json& parent : parents ? *parents : Json::array()) {
    if (!parent.is_object()) continue;
    entry.process.parents.push_back({number_of(parent, "pid", 0U), text_of(parent, "exe")});
  }
}

std::string ProcessTable::on_container(const capture::ContainerEvent& event) {
  auto record = identity_from_json(event.json);
  if (!record) return {};
  if (identities_.size() >= kMaxIdentities) identities_.clear();
  identities_[record->first] = std::move(record->second);
  return record->first;
}

void ProcessTable::on_exit(uint32_t tgid) {
  exited_.push_back(tgid);
  if (const auto entry = entries_.find(tgid); entry != entries_.end()) entry->second.exited = true;
  if (exited_.size() >= kMaxExited) forget_exited();
}

void ProcessTable::forget_exited() {
  const size_t half = exited_.size() / 2;
  for (size_t i = 0; i < half; ++i) entries_.erase(exited_[i]);
  exited_.erase(exited_.begin(), exited_.begin() + static_cast<std::ptrdiff_t>(half));
}

llm::Process ProcessTable::find(uint32_t tgid) const {
  const auto found = entries_.find(tgid);
  if (found == entries_.end()) {
    llm::Process unknown;
    unknown.pid = tgid;
    return unknown;
  }
  llm::Process process = found->second.process;
  uint32_t parent = found->second.parent_tgid;
  for (int i = 0;
       process.parents.size() < kMaxParents && i < kMaxParents && !found->second.resolved; ++i) {
    if (parent == 0) break;
    const auto ancestor = entries_.find(parent);
    const bool known = ancestor != entries_.end();
    process.parents.push_back({parent, known ? ancestor->second.process.exe : std::string()});
    if (!known) break;
    const auto& further = ancestor->second.process.parents;  // of one that /proc was asked about
    for (size_t j = 0; j < further.size() && process.parents.size() < kMaxParents; ++j) {
      process.parents.push_back(further[j]);
    }
    parent = further.empty() ? ancestor->second.parent_tgid : 0;
  }
  return process;
}

std::string ProcessTable::cgroup(uint32_t tgid) const {
  const auto found = entries_.find(tgid);
  return found == entries_.end() ? std::string() : found->second.cgroup;
}

const Identity* ProcessTable::identity_of(const std::string& cgroup) const {
  const auto found = identities_.find(cgroup);
  return found == identities_.end() ? nullptr : &found->second;
}

Identity ProcessTable::identity(uint32_t tgid) const {
  const auto found = entries_.find(tgid);
  if (found == entries_.end()) return {};
  if (const Identity* identity = identity_of(found->second.cgroup)) return *identity;
  Identity bare;
  if (!found->second.container_id.empty()) {
    bare.container.emplace();
    bare.container->id = found->second.container_id;
  }
  return bare;
}

bool ProcessTable::heard_from_birth(uint32_t tgid) const {
  const auto found = entries_.find(tgid);
  return found != entries_.end() && found->second.from_birth;
}

}  // namespace sonde::app
