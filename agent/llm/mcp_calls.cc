#include "agent/llm/mcp_calls.h"

#include <utility>

#include "agent/llm/json.h"
#include "agent/llm/mcp_texts.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

bool is_message(const Json& body) {
  if (body["jsonrpc"].text() != "2.0") return false;
  const std::string_view method = body["method"].text();
  if (method.starts_with("notifications/")) return true;
  if (!method.empty()) return is_mcp_method(method);
  return body["id"].exists() && (body["result"].is_object() || body["error"].is_object());
}

std::string name_and_version(const Json& implementation) {
  std::string out(implementation["name"].text());
  const std::string_view version = implementation["version"].text();
  if (!out.empty() && !version.empty()) out.append("/").append(version);
  return out;
}

}  // namespace

bool is_mcp_message(const Json& body) { return is_message(body.is_array() ? body.item(0) : body); }

struct McpCalls::Pending {
  Pending(const McpPlace& where, std::string request_id, const Limits& limits, Counters& counters)
      : place(where), id(std::move(request_id)), writer(exchange, limits, counters) {}

  McpPlace place;
  std::string id;
  Exchange exchange;
  Writer writer;
};

McpCalls::McpCalls(const Limits& limits, Counters& counters)
    : limits_(limits), counters_(counters) {}
McpCalls::~McpCalls() = default;

void McpCalls::message(const McpPlace& place, const Json& body, const Exchange& base,
                       const Sink& sink) {
  if (!body.is_array()) return one(place, body, base, sink);
  body.each_item([&](size_t, Json item) { one(place, item, base, sink); });
}

void McpCalls::one(const McpPlace& place, const Json& message, const Exchange& base,
                   const Sink& sink) {
  if (!is_message(message) || !message["id"].exists()) return;
  message["method"].exists() ? request(place, message, base) : answer(place, message, base, sink);
}

void McpCalls::request(const McpPlace& place, const Json& message, const Exchange& base) {
  if (pending_.size() >= limits_.rpc_calls) {
    counters_.add(Count::kRpcCallsDropped);
    pending_.pop_front();
  }
  Pending& call = pending_.emplace_back(place, message["id"].dump(), limits_, counters_);
  Exchange& exchange = call.exchange;
  exchange = base;
  exchange.start_time = place.wall;
  exchange.provider = "mcp";
  const std::string_view method = message["method"].text();
  const Json params = message["params"];
  Mcp& mcp = exchange.mcp.emplace();
  mcp.method = method;
  mcp.session_id = place.session;
  mcp.protocol_version = params["protocolVersion"].text();
  mcp.client_name = name_and_version(params["clientInfo"]);
  exchange.conversation_id = place.session;
  exchange.operation = method == "tools/call"               ? "execute_tool"
                       : method == "sampling/createMessage" ? "chat"
                                                            : std::string(method);
  exchange.response_id = message["id"].text_or_dump();
  counters_.add(Count::kExchangesSeen);
  read_mcp_request(method, exchange.response_id, params, call.writer);
}

McpCalls::Place McpCalls::find(const McpPlace& place, const std::string& id) {
  Place elsewhere = pending_.end();
  for (auto call = pending_.begin(); call != pending_.end(); ++call) {
    const McpPlace& asked = call->place;
    // An answer goes the other way than its question.
    if (call->id != id || asked.forward == place.forward) continue;
    if (asked.scope == place.scope) return call;
    const bool same_session = !place.session.empty() && asked.session == place.session;
    if (same_session && asked.owner == place.owner && elsewhere == pending_.end()) elsewhere = call;
  }
  return elsewhere;
}

void McpCalls::answer(const McpPlace& place, const Json& message, const Exchange& base,
                      const Sink& sink) {
  Place call = find(place, message["id"].dump());
  const Json result = message["result"];
  if (call == pending_.end()) {
    const std::string_view method = mcp_method_of_result(result);
    if (method.empty()) return;
    call = pending_.emplace(pending_.end(), place, message["id"].dump(), limits_, counters_);
    call->exchange = base;
    call->exchange.start_time = place.wall;
    call->exchange.provider = "mcp";
    call->exchange.operation = method == "tools/call" ? "execute_tool" : std::string(method);
    call->exchange.capture.joined_late = true;
    call->exchange.mcp.emplace().method = method;
    counters_.add(Count::kExchangesSeen);
  }
  Exchange& exchange = call->exchange;
  exchange.http.status = base.http.status != 0 ? base.http.status : exchange.http.status;
  exchange.http.response_body_bytes = base.http.response_body_bytes;
  exchange.stream = exchange.stream || base.stream;
  Mcp& mcp = *exchange.mcp;
  if (mcp.session_id.empty()) {
    mcp.session_id = place.session;
    exchange.conversation_id = place.session;
  }
  if (!result["protocolVersion"].text().empty()) {
    mcp.protocol_version = result["protocolVersion"].text();
  }
  if (mcp.method == "initialize") mcp.server_name = name_and_version(result["serverInfo"]);
  if (const Json error = message["error"]; error.is_object()) {
    call->writer.assign(exchange.error, error["code"].dump());
    call->writer.assign(exchange.error_message, error["message"].text());
  }
  read_mcp_result(mcp.method, exchange.response_id, result, call->writer);
  emit(call, place.now, !exchange.capture.joined_late, sink);
}

void McpCalls::emit(Place call, MonoTime now, bool complete, const Sink& sink) {
  Exchange exchange = std::move(call->exchange);
  exchange.capture.complete = complete && !call->writer.truncated();
  if (!exchange.capture.complete) counters_.add(Count::kExchangesIncomplete);
  exchange.duration_ms = std::chrono::duration<double, std::milli>(now - call->place.now).count();
  pending_.erase(call);
  sink(std::move(exchange));
}

void McpCalls::end(uint64_t scope, MonoTime now, const Sink& sink) {
  for (auto call = pending_.begin(); call != pending_.end();) {
    const auto next = std::next(call);
    if (call->place.scope == scope) emit(call, now, false, sink);
    call = next;
  }
}

}  // namespace sonde::llm
