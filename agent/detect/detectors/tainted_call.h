// tool.tainted_call, exfiltration.tool_call, tool.tainted_exec: calls and processes that carry out
// what untrusted text ordered (provenance/taint.h says how that is told).
#pragma once

#include <deque>
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

  struct JudgedProcess {
    Hit hit;
    llm::Exchange exchange;  // that led to it, without its texts
  };
  // A process of an application one of whose latest conversations held orders. A descendant of a
  // process that was found is part of what that one does, and not found again.
  std::optional<JudgedProcess> judge_process(const llm::Process& process);

 private:
  // What is remembered of a conversation.
  struct Memory {
    TaintTracker tracker;
    llm::Exchange exchange;  // its last one, without texts
    struct Call {
      Tokens words;
      double points = 0;
    };
    std::vector<Call> steered;  // calls that came close to an alarm or above
  };
  using Conversations = std::deque<Memory>;  // of one process; the newest first
  static constexpr size_t kProcesses = 64;
  static constexpr size_t kConversationsOfProcess = 8;
  static constexpr size_t kFound = 1024;
  static constexpr size_t kConversations = 128;

  void add(const Subject& subject, size_t index, TaintTracker& tracker) const;
  void judge(const Subject& subject, size_t index, Memory& memory, std::vector<Hit>& hits) const;
  void remember(const llm::Exchange& exchange, Memory&& memory);

  const PromptModel& model_ = PromptModel::embedded();
  LruMap<Conversations> processes_{kProcesses};         // by pid
  LruMap<uint64_t> found_{kFound};                      // processes: start by pid
  LruMap<TaintTracker> conversations_{kConversations};  // by the id of the last answer
};

}  // namespace sonde::detect
