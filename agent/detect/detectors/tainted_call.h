// tool.tainted_call, exfiltration.tool_call, tool.tainted_exec: calls and processes that carry out
// what untrusted text ordered (provenance/taint.h says how that is told).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/detect/detector.h"
#include "agent/detect/lru_map.h"
#include "agent/detect/provenance/taint.h"

namespace sonde::detect {

class TaintedCallDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& scores) override;

  // A process of an application whose last conversation held orders.
  std::optional<Hit> judge_process(const llm::Process& process);

 private:
  // What is remembered of a process that speaks to a model.
  struct Memory {
    TaintTracker tracker;
    struct Call {
      Tokens words;
      double points = 0;
    };
    std::vector<Call> steered;  // calls that came close to an alarm or above
  };
  static constexpr size_t kProcesses = 64;
  static constexpr size_t kConversations = 128;

  void add(const Subject& subject, size_t index, TaintTracker& tracker) const;
  void judge(const Subject& subject, size_t index, Memory& memory, std::vector<Hit>& hits) const;

  const PromptModel& model_ = PromptModel::embedded();
  LruMap<Memory> processes_{kProcesses};                // by pid
  LruMap<TaintTracker> conversations_{kConversations};  // by the id of the last answer
};

}  // namespace sonde::detect
