#include "agent/llm/mcp_texts.h"

#include <algorithm>
#include <array>

#include "agent/llm/blob.h"

namespace sonde::llm {
namespace {

constexpr auto kMethods = std::to_array<std::string_view>({"completion/complete",
                                                           "elicitation/create",
                                                           "initialize",
                                                           "logging/setLevel",
                                                           "ping",
                                                           "prompts/get",
                                                           "prompts/list",
                                                           "resources/list",
                                                           "resources/read",
                                                           "resources/subscribe",
                                                           "resources/templates/list",
                                                           "resources/unsubscribe",
                                                           "roots/list",
                                                           "sampling/createMessage",
                                                           "tasks/cancel",
                                                           "tasks/get",
                                                           "tasks/list",
                                                           "tasks/result",
                                                           "tools/call",
                                                           "tools/list"});

// A content block: text, image, audio, an embedded resource or a link to one.
void read_block(const Json& block, PartType type, std::string_view id, const std::string& path,
                std::vector<Part>& parts, Writer& writer) {
  if (const Json resource = block["resource"]; resource.is_object()) {
    return read_block(resource, type, id, json_path(path, "resource"), parts, writer);
  }
  const Json bytes = block["data"].is_string() ? block["data"] : block["blob"];
  if (bytes.is_string()) {
    Part& part = writer.part(parts, PartType::kBlob, path);
    writer.append(part.media_type, block["mimeType"].text());
    writer.append(part.content, block["uri"].text());
    return read_base64(part, bytes.text());
  }
  Part& part = writer.part(parts, type, block["text"].exists() ? json_path(path, "text") : path);
  writer.append(part.content, block["text"].exists() ? block["text"].text_or_dump() : block.dump());
  if (type == PartType::kToolCallResponse) writer.append(part.id, id);
}

void read_blocks(const Json& content, PartType type, std::string_view id, const std::string& path,
                 std::vector<Part>& parts, Writer& writer) {
  if (content.is_object()) return read_block(content, type, id, path, parts, writer);
  content.each_item([&](size_t index, Json block) {
    read_block(block, type, id, json_path(path, index), parts, writer);
  });
}

// Whatever a server wrote for a model is as untrusted as a tool's result, whatever role it claims.
Message& server_message(Writer& writer) {
  Message& message = writer.output("tool");
  message.zone = Zone::kTool;
  return message;
}

void read_tools(const Json& tools, Writer& writer) {
  tools.each_item([&](size_t, Json from) {
    ToolDefinition& tool = writer.tool();
    writer.append(tool.name, from["name"].text());
    writer.append(tool.description, from["description"].text());
    writer.append(tool.parameters, from["inputSchema"].dump());
  });
}

void read_sampling_request(const Json& params, Writer& writer) {
  Exchange& exchange = writer.exchange();
  writer.text(exchange.system_instructions, PartType::kText, params["systemPrompt"].text(),
              "$.params.systemPrompt");
  params["messages"].each_item([&](size_t index, Json from) {
    const std::string_view role = from["role"].text();
    const Zone zone = role == "assistant" ? Zone::kAssistant : Zone::kTool;
    const std::string path = json_path("$.params.messages", index) + ".content";
    read_blocks(from["content"], PartType::kText, {}, path, writer.input(role, zone).parts, writer);
  });
  writer.assign(exchange.request_model, params["modelPreferences"]["hints"].item(0)["name"].text());
  read_tools(params["tools"], writer);
}

// A request that is like a call: the method, or the tool, with its arguments.
void read_call(std::string_view method, std::string_view id, const Json& params, Writer& writer) {
  const bool tool = method == "tools/call";
  const std::string arguments = (tool ? params["arguments"] : params).dump();
  if (!tool && arguments.size() <= 2) return;  // absent, or {}
  Part& part = writer.part(writer.input("assistant").parts, PartType::kToolCall,
                           tool ? "$.params.arguments" : "$.params");
  writer.append(part.id, id);
  writer.append(part.name, tool ? params["name"].text() : method);
  writer.append(part.arguments, arguments.empty() ? "{}" : arguments);
}

void read_tool_result(std::string_view id, const Json& result, Writer& writer) {
  Message& message = server_message(writer);
  const PartType type = PartType::kToolCallResponse;
  read_blocks(result["content"], type, id, "$.result.content", message.parts, writer);
  // Usually the same JSON stands in a text as well, for clients that know no structured content.
  if (const Json structured = result["structuredContent"]; structured.exists()) {
    const std::string text = structured.dump();
    const bool repeated = std::any_of(message.parts.begin(), message.parts.end(),
                                      [&](const Part& part) { return part.content == text; });
    if (!repeated) {
      Part& part = writer.part(message.parts, type, "$.result.structuredContent");
      writer.append(part.id, id);
      writer.append(part.content, text);
    }
  }
  if (result["isError"].truth()) writer.exchange().error = "tool_error";
}

void read_prompt(const Json& result, Writer& writer) {
  result["messages"].each_item([&](size_t index, Json from) {
    Message& message = writer.output(from["role"].text());
    message.zone = Zone::kTool;
    read_blocks(from["content"], PartType::kText, {},
                json_path("$.result.messages", index) + ".content", message.parts, writer);
  });
}

void read_sampling_result(const Json& result, Writer& writer) {
  writer.assign(writer.exchange().response_model, result["model"].text());
  Message& message = writer.output(result["role"].text());
  read_blocks(result["content"], PartType::kText, {}, "$.result.content", message.parts, writer);
  writer.append(message.finish_reason, result["stopReason"].text());
  writer.finish_reason(message.finish_reason);
}

// Lists of things, each with a name and a description a model may be shown.
void read_lists(std::string_view id, const Json& result, Writer& writer) {
  Message* message = nullptr;
  const auto add = [&](const std::string& path, const Json& value) {
    if (message == nullptr) message = &server_message(writer);
    if (value.is_object() && (value["text"].exists() || value["blob"].exists())) {
      return read_block(value, PartType::kToolCallResponse, id, path, message->parts, writer);
    }
    Part& part = writer.part(message->parts, PartType::kToolCallResponse, path);
    writer.append(part.id, id);
    writer.append(part.content, value.text_or_dump());
  };
  result.each_member([&](std::string_view key, Json value) {
    if (key == "_meta" || key == "nextCursor" || key == "capabilities" || key == "serverInfo" ||
        key == "protocolVersion") {
      return;
    }
    const std::string path = json_path("$.result", key);
    if (!value.is_array()) return add(path, value);
    value.each_item([&](size_t index, Json item) { add(json_path(path, index), item); });
  });
}

}  // namespace

bool is_mcp_method(std::string_view method) {
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

std::string_view mcp_method_of_result(const Json& result) {
  if (result["tools"].item(0)["inputSchema"].exists()) return "tools/list";
  if (result["protocolVersion"].exists() && result["serverInfo"].exists()) return "initialize";
  if (result["content"].item(0)["type"].exists()) return "tools/call";
  if (result["contents"].item(0)["uri"].exists()) return "resources/read";
  return {};
}

void read_mcp_request(std::string_view method, std::string_view id, const Json& params,
                      Writer& writer) {
  if (method == "initialize") return;
  if (method == "sampling/createMessage") return read_sampling_request(params, writer);
  if (method == "elicitation/create") {
    return writer.text(writer.input("tool").parts, PartType::kText, params["message"].text(),
                       "$.params.message");
  }
  read_call(method, id, params, writer);
}

void read_mcp_result(std::string_view method, std::string_view id, const Json& result,
                     Writer& writer) {
  if (!result.exists()) return;
  if (method == "tools/call") return read_tool_result(id, result, writer);
  if (method == "tools/list") return read_tools(result["tools"], writer);
  if (method == "prompts/get") return read_prompt(result, writer);
  if (method == "sampling/createMessage") return read_sampling_result(result, writer);
  if (method == "elicitation/create") {
    Message& message = writer.output("user");
    message.zone = Zone::kUser;
    return writer.text(message.parts, PartType::kText, result["content"].text_or_dump(),
                       "$.result.content");
  }
  read_lists(id, result, writer);
}

}  // namespace sonde::llm
