// An exchange as a person reads it: a line of facts, then who said what, what was found where it
// was found, and no text twice that an earlier exchange of the conversation has shown.
#pragma once

#include <string>
#include <vector>

#include "agent/app/view/terminal.h"
#include "agent/detect/finding.h"
#include "agent/detect/lru_map.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

class TreeView {
 public:
  // `full`: nothing is folded away.
  explicit TreeView(bool full) : full_(full) {}

  void print(const Terminal& terminal, const llm::Exchange& exchange,
             const std::vector<detect::Finding>& findings);

 private:
  // How many of the first input messages the last exchange of the conversation has shown.
  size_t shown_before(const llm::Exchange& exchange);

  // Of a conversation's last exchange, a number for each message.
  using Digests = std::vector<size_t>;
  static constexpr size_t kConversations = 256;

  bool full_;
  bool first_ = true;
  detect::LruMap<Digests> shown_{kConversations};
};

// "node[4711] openai gpt-5", as much as is known.
std::string speaker_of(const llm::Process& process, const llm::Exchange& exchange);

}  // namespace sonde::app
