#include "agent/alert/records.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "agent/alert/command_line.h"
#include "agent/alert/names.h"

namespace sonde::alert {
namespace {

using Json = nlohmann::json;

// The collector refuses more (EnvelopeLimits::coverage).
constexpr size_t kCoverageEntries = 4096;
constexpr size_t kTools = 64;

void put(Json& object, const char* key, std::string_view value) {
  if (!value.empty()) object[key] = value;
}

Json process_of(const llm::Process& process) {
  Json json = {{"pid", process.pid}, {"uid", process.uid}};
  put(json, "exe", process.exe);
  put(json, "cmdline", redact_command_line(process.command_line));
  return json;
}

Json network_of(const llm::Network& network) {
  Json json = {{"found_by", network.found_by}};
  put(json, "local", network.local);
  put(json, "peer", network.peer);
  put(json, "host", network.host);
  return json;
}

// Without the request target's query: keys travel in it.
Json http_of(const llm::HttpFacts& http) {
  Json json = {{"status", http.status},
               {"request_body_bytes", http.request_body_bytes},
               {"response_body_bytes", http.response_body_bytes}};
  put(json, "version", http.version);
  put(json, "method", http.method);
  put(json, "path", std::string_view(http.path).substr(0, http.path.find('?')));
  put(json, "user_agent", http.user_agent);
  return json;
}

Json capture_of(const llm::Capture& capture) {
  Json json = {{"lost_bytes", capture.lost_bytes},
               {"joined_late", capture.joined_late},
               {"complete", capture.complete}};
  put(json, "tls", capture.tls);
  put(json, "located_by", capture.located_by);
  put(json, "side", capture.side);
  return json;
}

// Tools that the model called, not all that it was offered.
Json tools_of(const llm::Exchange& exchange) {
  std::vector<std::string_view> names;
  for (const llm::Message& message : exchange.output) {
    for (const llm::Part& part : message.parts) {
      if (part.type != llm::PartType::kToolCall || part.name.empty()) continue;
      if (names.size() < kTools &&
          std::find(names.begin(), names.end(), part.name) == names.end()) {
        names.push_back(part.name);
      }
    }
  }
  return names;
}

void put_identity(Json& json, const llm::Exchange& exchange) {
  if (exchange.container) {
    Json& container = json["container"] = {{"id", exchange.container->id}};
    put(container, "name", exchange.container->name);
    put(container, "image", exchange.container->image);
  }
  if (exchange.kubernetes) {
    Json& pod = json["k8s"] = Json::object();
    put(pod, "namespace", exchange.kubernetes->namespace_name);
    put(pod, "pod", exchange.kubernetes->pod);
    put(pod, "container", exchange.kubernetes->container);
    put(pod, "node", exchange.kubernetes->node);
  }
  Json user = Json::object();
  put(user, "end_user_id", exchange.user.end_user_id);
  put(user, "application_name", exchange.user.application_name);
  put(user, "source_ip", exchange.user.source_ip);
  put(user, "end_user_tenant_id", exchange.user.end_user_tenant_id);
  if (!user.empty()) json["user_context"] = std::move(user);
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string make_activity(const llm::Exchange& exchange, const HostFacts& host) {
  Json json = {{"id", exchange.id},
               {"agent_id", host.agent_id},
               {"hostname", host.hostname},
               {"start_time", format_rfc3339(exchange.start_time)},
               {"duration_ms", exchange.duration_ms},
               {"application", application_of(exchange)},
               {"process", process_of(exchange.process)},
               {"network", network_of(exchange.network)},
               {"http", http_of(exchange.http)},
               {"capture", capture_of(exchange.capture)},
               {"gen_ai.request.stream", exchange.stream}};
  put(json, "gen_ai.operation.name", exchange.operation);
  put(json, "gen_ai.provider.name", exchange.provider);
  put(json, "gen_ai.request.model", exchange.request_model);
  put(json, "gen_ai.response.model", exchange.response_model);
  put(json, "gen_ai.response.id", exchange.response_id);
  put(json, "gen_ai.conversation.id", exchange.conversation_id);
  put(json, "key_fingerprint", exchange.key_fingerprint);
  put(json, "error", exchange.error);
  if (exchange.input_tokens) json["gen_ai.usage.input_tokens"] = *exchange.input_tokens;
  if (exchange.output_tokens) json["gen_ai.usage.output_tokens"] = *exchange.output_tokens;
  if (Json tools = tools_of(exchange); !tools.empty()) json["tools"] = std::move(tools);
  if (exchange.provider == "mcp") put(json, "mcp_server", exchange.network.host);
  put_identity(json, exchange);
  return line_of(json);
}

std::string make_heartbeat(const HostFacts& host, const Counters& counters,
                           std::span<const CoverageEntry> coverage, const PolicyState& policy) {
  Json json = {{"agent_id", host.agent_id},
               {"hostname", host.hostname},
               {"version", host.version},
               {"kernel", host.kernel},
               {"started_at", host.started_at_ms}};
  Json& values = json["counters"] = Json::object();
  for (size_t i = 0; i < kCounterCount; ++i) {
    values[std::string(kCounterInfo[i].name)] = counters.value(static_cast<Count>(i));
  }
  Json& entries = json["coverage"] = Json::array();
  for (const CoverageEntry& entry : coverage.first(std::min(coverage.size(), kCoverageEntries))) {
    Json& item = entries.emplace_back(Json{{"pid", entry.pid}, {"covered", entry.covered}});
    put(item, "exe", entry.exe);
    put(item, "stack", entry.stack);
    put(item, "version", entry.version);
    put(item, "located_by", entry.located_by);
    put(item, "reason", entry.reason);
  }
  if (policy.version > 0 || policy.refused_version > 0) {
    Json& state = json["policy"] = Json{{"version", policy.version}};
    put(state, "group", policy.group);
    if (policy.refused_version > 0) state["refused_version"] = policy.refused_version;
    put(state, "refused_because", policy.refused_because);
  }
  return line_of(json);
}

}  // namespace sonde::alert
