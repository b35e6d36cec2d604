// Model Context Protocol (revision 2025-06-18 and before): JSON-RPC 2.0 messages, each request with
// its response becoming an exchange, whatever carries them: streamable HTTP, the older pair of an
// event stream and posts, or the pipes of a child process.
//
// Servers ask clients as well (sampling, elicitation); those are exchanges like the others. Over
// HTTP the answer may come on another connection: it is found by the session's id.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/time.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

class Json;

// Whether a body is a JSON-RPC message, or a batch of them, of this protocol.
bool is_mcp_message(const Json& body);

// Where a message was heard.
struct McpPlace {
  uint64_t scope = 0;   // one HTTP exchange, or one pair of pipes
  bool forward = true;  // sent by the side that opened the scope
  std::string session;  // Mcp-Session-Id, or empty
  // The process that was heard; where client and server of a session are both on this host, each
  // has its own view of it.
  uint64_t owner = 0;
  MonoTime now;
  WallTime wall;
};

// Not thread-safe.
class McpCalls {
 public:
  using Sink = std::function<void(Exchange&&)>;

  // Borrowed; limits.rpc_calls bounds the requests that wait for their answer.
  McpCalls(const Limits& limits, Counters& counters);
  ~McpCalls();

  // A message or a batch. `base`: the exchange's facts apart from its texts (http, network). An
  // answer completes the exchange of its request, which goes to `sink`.
  void message(const McpPlace& place, const Json& body, const Exchange& base, const Sink& sink);
  // The scope is over: what was asked in it and will not be answered elsewhere is incomplete.
  void end(uint64_t scope, MonoTime now, const Sink& sink);
  size_t waiting() const { return pending_.size(); }

 private:
  struct Pending;
  using Place = std::list<Pending>::iterator;

  void one(const McpPlace& place, const Json& message, const Exchange& base, const Sink& sink);
  void request(const McpPlace& place, const Json& message, const Exchange& base);
  void answer(const McpPlace& place, const Json& message, const Exchange& base, const Sink& sink);
  Place find(const McpPlace& place, const std::string& id);
  void emit(Place call, MonoTime now, bool complete, const Sink& sink);

  const Limits& limits_;
  Counters& counters_;
  std::list<Pending> pending_;
};

}  // namespace sonde::llm
