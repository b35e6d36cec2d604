// Which exchanges belong together: by the provider's own ids, by an answer that the next request
// names or repeats, or by the distributed trace that both are part of.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/base/limits.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

// Not thread-safe. Remembers a bounded number of ways to recognise a conversation, the oldest is
// forgotten first.
class Conversations {
 public:
  // `limits` is borrowed.
  explicit Conversations(const Limits& limits) : limits_(limits) {}

  // Fills exchange.conversation_id where the provider gave none, and remembers the exchange.
  // `scope` keeps apart what cannot belong together, such as a process's identity.
  void link(std::string_view scope, Exchange& exchange);

 private:
  const std::string* find(uint64_t key) const;
  void remember(uint64_t key, const std::string& conversation);

  const Limits& limits_;
  std::unordered_map<uint64_t, std::string> by_key_;
  std::deque<uint64_t> age_;
};

}  // namespace sonde::llm
