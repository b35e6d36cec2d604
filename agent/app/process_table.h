// Who is who: what exec records and the attacher's process records say of each process. Bounded;
// not thread-safe: owned by the pipeline.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "agent/capture/event.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

class ProcessTable {
 public:
  void on_exec(uint32_t tgid, const capture::ExecEvent& event);
  void on_process(uint32_t tgid, const capture::ProcessEvent& event);
  void on_exit(uint32_t tgid);

  // What is known of the process; a bare pid when nothing is.
  llm::Process find(uint32_t tgid) const;
  std::string container_id(uint32_t tgid) const;
  // The exec of this process was heard, so none of its connections can be older than Sonde.
  bool heard_from_birth(uint32_t tgid) const;

 private:
  struct Entry {
    llm::Process process;
    uint32_t parent_tgid = 0;
    std::string container_id;
    bool from_birth = false;
    bool resolved = false;  // exe is the file itself, not what execve was given
  };
  void forget_exited();

  std::unordered_map<uint32_t, Entry> entries_;
  std::vector<uint32_t> exited_;  // kept a while: their last exchange may still be on its way
};

}  // namespace sonde::app
