// What the assemblers of one thread share: an exchange may begin on one connection and be answered
// on another.
#pragma once

#include <cstdint>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/llm/conversations.h"
#include "agent/llm/mcp_calls.h"
#include "agent/llm/request_context.h"

namespace sonde::llm {

// Not thread-safe; outlives the assemblers that use it.
struct Context {
  // Borrowed.
  Context(const Limits& limits, Counters& counters)
      : mcp(limits, counters), conversations(limits) {}

  McpCalls mcp;
  // For whoever takes the exchanges: they know the process.
  Conversations conversations;
  // Stands for API keys; left empty, exchanges carry no key fingerprint.
  Fingerprint fingerprint;
  uint64_t next_scope = 1;
  // Stands for the process whose bytes are being parsed; whoever feeds the assemblers sets it.
  uint64_t owner = 0;
};

}  // namespace sonde::llm
