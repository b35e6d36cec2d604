#include "agent/app/process_table.h"

#include <nlohmann/json.hpp>

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxExited = 8192;
constexpr int kMaxParents = 16;
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
  if (const auto parent = entries_.find(event.parent_tgid); parent != entries_.end()) {
    entry.container_id = parent->second.container_id;
  }
  entries_[tgid] = std::move(entry);
}

void ProcessTable::on_process(uint32_t tgid, const capture::ProcessEvent& event) {
  const Json json = Json::parse(event.json, nullptr, false);
  if (!json.is_object()) return;
  Entry& entry = entries_[tgid];
  entry.process.pid = tgid;
  entry.resolved = true;
  if (auto exe = json.value("exe", std::string()); !exe.empty()) entry.process.exe = std::move(exe);
  entry.process.uid = json.value("uid", entry.process.uid);
  entry.process.start_time_ns = json.value("start_time_ns", entry.process.start_time_ns);
  entry.container_id = json.value("container_id", std::string());
  if (auto arguments = json.value("cmdline", std::vector<std::string>()); !arguments.empty()) {
    entry.process.command_line = std::move(arguments);
  }
  entry.process.parents.clear();
  for (const Json& parent : json.value("parents", Json::array())) {
    entry.process.parents.push_back({parent.value("pid", 0u), parent.value("exe", std::string())});
  }
}

void ProcessTable::on_exit(uint32_t tgid) {
  exited_.push_back(tgid);
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

std::string ProcessTable::container_id(uint32_t tgid) const {
  const auto found = entries_.find(tgid);
  return found == entries_.end() ? std::string() : found->second.container_id;
}

bool ProcessTable::heard_from_birth(uint32_t tgid) const {
  const auto found = entries_.find(tgid);
  return found != entries_.end() && found->second.from_birth;
}

}  // namespace sonde::app
