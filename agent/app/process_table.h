// Who is who: what exec records, the attacher's process records and container records say of each
// process. Bounded; not thread-safe: owned by the pipeline.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "agent/app/identity/identity.h"
#include "agent/capture/event.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

class ProcessTable {
 public:
  void on_exec(uint32_t tgid, const capture::ExecEvent& event);
  void on_process(uint32_t tgid, const capture::ProcessEvent& event);
  void on_exit(uint32_t tgid);
  // The cgroup that the record is about, or empty.
  std::string on_container(const capture::ContainerEvent& event);

  // What is known of the process; a bare pid when nothing is.
  llm::Process find(uint32_t tgid) const;
  // The cgroup's path; empty: the root, or not known.
  std::string cgroup(uint32_t tgid) const;
  // Container and pod of the process, as far as they are known.
  Identity identity(uint32_t tgid) const;
  // What a container record said of the cgroup; nullptr: none has come.
  const Identity* identity_of(const std::string& cgroup) const;
  // The exec of this process was heard, so none of its connections can be older than Sonde.
  bool heard_from_birth(uint32_t tgid) const;

 private:
  struct Entry {
    llm::Process process;
    uint32_t parent_tgid = 0;
    std::string container_id;
    std::string cgroup;
    bool exited = false;
    bool from_birth = false;
    bool resolved = false;  // exe is the file itself, not what execve was given
  };
  void forget_exited();

  std::unordered_map<uint32_t, Entry> entries_;
  std::unordered_map<std::string, Identity> identities_;  // by cgroup
  std::vector<uint32_t> exited_;  // kept a while: their last exchange may still be on its way
};

}  // namespace sonde::app
