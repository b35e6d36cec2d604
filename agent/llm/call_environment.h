// What the calls of one connection are given: limits, where finished exchanges go, and the time.
#pragma once

#include <functional>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/time.h"
#include "agent/llm/context.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

// A piece of an answer that is still coming, or its end. Everything is borrowed for the call.
struct Progress {
  uint64_t call = 0;  // the same for all pieces of one answer
  const Exchange& exchange;
  PartType type = PartType::kText;
  std::string_view text;
  bool ended = false;
};

struct CallEnvironment {
  const Limits& limits;
  Counters& counters;
  Context& context;
  std::function<void(Exchange&&)> sink;
  std::function<void(const Progress&)> progress;  // may be empty
  MonoTime now;                                   // event time of the bytes that are being parsed
  WallTime wall;                                  // the same instant
};

// Host, version and method of a request, and what request_context.h reads.
void read_request_head(const http::Head& head, const Fingerprint& fingerprint, Exchange& exchange);

// "1.1", "2", "websocket"
std::string_view version_name(http::Version version);

// What can be said only when an exchange is whole: an error's status where the answer named none,
// and tool results joined with their calls.
void complete_exchange(Exchange& exchange);

}  // namespace sonde::llm
