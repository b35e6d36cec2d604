#include "agent/llm/exchange_json.h"

#include <nlohmann/json.hpp>

namespace sonde::llm {
namespace {

// Keeps the order of the keys as documented.
using Ordered = nlohmann::ordered_json;

void put(Ordered& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

// Arguments come as text from the model: an object is shown as such, anything else as the text.
Ordered arguments_json(const std::string& arguments) {
  if (arguments.empty()) return Ordered::object();
  // The parser of nlohmann/json keeps its stack on the heap, but its values nest their destructors:
  // only shallow text becomes a value.
  constexpr int kMaxDepth = 64;
  bool too_deep = false;
  const Ordered::parser_callback_t watch = [&](int depth, Ordered::parse_event_t, Ordered&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Ordered value = Ordered::parse(arguments, watch, /*allow_exceptions=*/false);
  if (too_deep || !value.is_object()) return arguments;
  return value;
}

// Annotations were written by the parser of an answer: their text is an array of bounded depth.
Ordered list_json(const std::string& text) {
  Ordered value = Ordered::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_array() ? value : Ordered::array();
}

Ordered part_json(const Part& part) {
  Ordered out;
  out["type"] = to_string(part.type);
  switch (part.type) {
    case PartType::kText:
    case PartType::kReasoning:
    case PartType::kRefusal:
      out["content"] = part.content;
      if (!part.annotations.empty()) out["annotations"] = list_json(part.annotations);
      break;
    case PartType::kToolCall:
      put(out, "id", part.id);
      out["name"] = part.name;
      out["arguments"] = arguments_json(part.arguments);
      break;
    case PartType::kToolCallResponse:
      put(out, "id", part.id);
      put(out, "name", part.name);
      out["result"] = part.content;
      break;
    case PartType::kBlob:
      put(out, "mime_type", part.media_type);
      put(out, "uri", part.content);
      if (part.size_bytes != 0) out["size_bytes"] = part.size_bytes;
      put(out, "hash", part.hash);
      break;
  }
  return out;
}

Ordered parts_json(const std::vector<Part>& parts) {
  Ordered out = Ordered::array();
  for (const Part& part : parts) out.push_back(part_json(part));
  return out;
}

Ordered process_json(const Process& process) {
  Ordered out;
  out["pid"] = process.pid;
  put(out, "exe", process.exe);
  if (!process.command_line.empty()) out["cmdline"] = process.command_line;
  out["uid"] = process.uid;
  if (process.parents.empty()) return out;
  Ordered& parents = out["parents"] = Ordered::array();
  for (const ProcessRef& parent : process.parents) {
    Ordered& entry = parents.emplace_back(Ordered{{"pid", parent.pid}});
    put(entry, "exe", parent.exe);
  }
  return out;
}

void add_origin(Ordered& out, const Exchange& exchange) {
  if (exchange.process.pid != 0) out["process"] = process_json(exchange.process);
  if (exchange.container) {
    Ordered& container = out["container"] = Ordered::object();
    put(container, "id", exchange.container->id);
    put(container, "name", exchange.container->name);
    put(container, "image", exchange.container->image);
    put(container, "runtime", exchange.container->runtime);
  }
  if (exchange.kubernetes) {
    Ordered& k8s = out["k8s"] = Ordered::object();
    put(k8s, "namespace", exchange.kubernetes->namespace_name);
    put(k8s, "pod", exchange.kubernetes->pod);
    put(k8s, "container", exchange.kubernetes->container);
    put(k8s, "node", exchange.kubernetes->node);
    put(k8s, "pod_uid", exchange.kubernetes->pod_uid);
    for (const auto& [key, value] : exchange.kubernetes->labels) k8s["labels"][key] = value;
  }
}

void add_transport(Ordered& out, const Exchange& exchange) {
  const Capture& capture = exchange.capture;
  out["capture"] = {{"tls", capture.tls.empty() ? "none" : capture.tls},
                    {"located_by", capture.located_by.empty() ? "socket" : capture.located_by},
                    {"side", capture.side.empty() ? "client" : capture.side},
                    {"lost_bytes", capture.lost_bytes},
                    {"joined_late", capture.joined_late},
                    {"complete", capture.complete}};
  Ordered& network = out["network"] = Ordered::object();
  put(network, "local", exchange.network.local);
  put(network, "peer", exchange.network.peer);
  put(network, "host", exchange.network.host);
  network["found_by"] = exchange.network.found_by;
  Ordered& http = out["http"] = Ordered::object();
  put(http, "version", exchange.http.version);
  put(http, "method", exchange.http.method);
  put(http, "path", exchange.http.path);
  if (exchange.http.status != 0) http["status"] = exchange.http.status;
  put(http, "user_agent", exchange.http.user_agent);
  http["request_body_bytes"] = exchange.http.request_body_bytes;
  http["response_body_bytes"] = exchange.http.response_body_bytes;
}

void add_model(Ordered& out, const Exchange& exchange) {
  put(out, "gen_ai.operation.name", exchange.operation);
  put(out, "gen_ai.provider.name", exchange.provider);
  put(out, "gen_ai.request.model", exchange.request_model);
  put(out, "gen_ai.response.model", exchange.response_model);
  put(out, "gen_ai.response.id", exchange.response_id);
  if (!exchange.finish_reasons.empty()) {
    out["gen_ai.response.finish_reasons"] = exchange.finish_reasons;
  }
  put(out, "gen_ai.conversation.id", exchange.conversation_id);
  if (exchange.stream) out["gen_ai.request.stream"] = true;
}

Ordered tool_json(const ToolDefinition& tool) {
  Ordered out;
  out["type"] = tool.type;
  put(out, "name", tool.name);
  put(out, "description", tool.description);
  if (!tool.parameters.empty()) out["parameters"] = arguments_json(tool.parameters);
  return out;
}

void add_messages(Ordered& out, const Exchange& exchange) {
  if (!exchange.system_instructions.empty()) {
    out["gen_ai.system_instructions"] = parts_json(exchange.system_instructions);
  }
  if (!exchange.input.empty()) {
    Ordered& input = out["gen_ai.input.messages"] = Ordered::array();
    for (const Message& message : exchange.input) {
      input.push_back({{"role", message.role},
                       {"zone", to_string(message.zone)},
                       {"parts", parts_json(message.parts)}});
    }
  }
  if (!exchange.output.empty()) {
    Ordered& output = out["gen_ai.output.messages"] = Ordered::array();
    for (const Message& message : exchange.output) {
      Ordered& entry = output.emplace_back(
          Ordered{{"role", message.role}, {"parts", parts_json(message.parts)}});
      put(entry, "finish_reason", message.finish_reason);
    }
  }
  if (exchange.tools.empty()) return;
  Ordered& tools = out["gen_ai.tool.definitions"] = Ordered::array();
  for (const ToolDefinition& tool : exchange.tools) tools.push_back(tool_json(tool));
}

void add_mcp(Ordered& out, const Mcp& mcp) {
  put(out, "mcp.method.name", mcp.method);
  put(out, "mcp.session.id", mcp.session_id);
  put(out, "mcp.protocol.version", mcp.protocol_version);
  put(out, "mcp.client.name", mcp.client_name);
  put(out, "mcp.server.name", mcp.server_name);
}

void add_verdicts(Ordered& out, const Exchange& exchange) {
  const UserContext& user = exchange.user;
  Ordered context = Ordered::object();
  put(context, "end_user_id", user.end_user_id);
  put(context, "application_name", user.application_name);
  put(context, "source_ip", user.source_ip);
  put(context, "end_user_tenant_id", user.end_user_tenant_id);
  if (!context.empty()) out["user_context"] = std::move(context);
  if (exchange.verdicts.empty()) return;
  Ordered& verdicts = out["provider_verdicts"] = Ordered::array();
  for (const ProviderVerdict& verdict : exchange.verdicts) {
    verdicts.push_back(
        {{"name", verdict.name}, {"detected", verdict.detected}, {"filtered", verdict.filtered}});
  }
}

}  // namespace

std::string exchange_json(const Exchange& exchange, const nlohmann::json* findings) {
  Ordered out;
  out["schema"] = "sonde.exchange/1";
  put(out, "id", exchange.id);
  out["start_time"] = format_rfc3339(exchange.start_time);
  out["duration_ms"] = exchange.duration_ms;
  add_origin(out, exchange);
  add_transport(out, exchange);
  add_model(out, exchange);
  add_messages(out, exchange);
  if (exchange.input_tokens) out["gen_ai.usage.input_tokens"] = *exchange.input_tokens;
  if (exchange.output_tokens) out["gen_ai.usage.output_tokens"] = *exchange.output_tokens;
  put(out, "error.type", exchange.error);
  put(out, "error.message", exchange.error_message);
  put(out, "trace_id", exchange.trace_id);
  if (exchange.mcp) add_mcp(out, *exchange.mcp);
  add_verdicts(out, exchange);
  if (findings != nullptr) out["findings"] = *findings;
  return out.dump(-1, ' ', /*ensure_ascii=*/false, Ordered::error_handler_t::replace);
}

}  // namespace sonde::llm
