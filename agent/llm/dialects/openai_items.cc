#include "agent/llm/dialects/openai_items.h"

#include "agent/llm/blob.h"
#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/image_type.h"

namespace sonde::llm {
namespace {

void read_reasoning(const Json& item, const std::string& path, std::vector<Part>& parts,
                    Writer& writer) {
  for (const char* member : {"summary", "content"}) {
    read_openai_content(item[member], json_path(path, member), PartType::kReasoning, parts, writer);
  }
}

void add_call(const Json& item, std::string_view name, const char* member, const std::string& path,
              std::vector<Part>& parts, Writer& writer) {
  Part& part = writer.part(parts, PartType::kToolCall, json_path(path, member));
  const Json id = item["call_id"].exists() ? item["call_id"] : item["id"];
  writer.append(part.id, id.text());
  writer.append(part.name, name);
  writer.append(part.arguments, item[member].text_or_dump());
}

void add_result(const Json& item, const char* member, const std::string& path,
                std::vector<Part>& parts, Writer& writer) {
  const Json result = item[member];
  if (!result.exists()) return;
  const Json id = item["call_id"].exists() ? item["call_id"] : item["id"];
  const size_t first = parts.size();
  const std::string result_path = json_path(path, member);
  // Lists of typed parts, of search results with their texts, or a screenshot; else any JSON.
  const Json one = result.is_array() ? result.item(0) : result;
  if (one.is_object() && (one["type"].is_string() || one["text"].is_string())) {
    read_openai_content(result, result_path, PartType::kToolCallResponse, parts, writer);
  }
  if (parts.size() == first) {
    Part& part = writer.part(parts, PartType::kToolCallResponse, result_path);
    writer.append(part.content, result.text_or_dump());
  }
  for (size_t i = first; i < parts.size(); ++i) {
    if (parts[i].type == PartType::kToolCallResponse) writer.append(parts[i].id, id.text());
  }
}

// Tools that the provider runs: where each keeps what it was asked and what it found.
struct HostedTool {
  std::string_view type;
  const char* request;
  const char* result;
};
constexpr HostedTool kHostedTools[] = {
    {"web_search_call", "action", "results"},
    {"file_search_call", "queries", "results"},
    {"code_interpreter_call", "code", "outputs"},
    {"computer_call", "action", "output"},
    {"local_shell_call", "action", "output"},
    {"shell_call", "action", "output"},
    {"apply_patch_call", "operation", "output"},
    {"mcp_approval_request", "arguments", "output"},
    {"mcp_call", "arguments", "output"},
    {"mcp_list_tools", "server_label", "tools"},
    {"mcp_approval_response", "approve", "reason"},
};

void read_hosted(const Json& item, const std::string& path, std::vector<Part>& parts,
                 Writer& writer) {
  const std::string_view type = item["type"].text();
  for (const HostedTool& tool : kHostedTools) {
    if (type != tool.type) continue;
    const std::string_view name = item["name"].text();
    add_call(item, name.empty() ? type : name, tool.request, path, parts, writer);
    return add_result(item, tool.result, path, parts, writer);
  }
  if (type == "image_generation_call") {
    if (!item["revised_prompt"].text().empty()) {
      add_call(item, type, "revised_prompt", path, parts, writer);
    }
    if (!item["result"].exists()) return;
    Part& part = writer.part(parts, PartType::kBlob, json_path(path, "result"));
    part.media_type = image_type(item["result"].text());
    return read_base64(part, item["result"].text());
  }
  // A kind of item that came later than this table: its texts are not lost.
  read_openai_content(item["content"], json_path(path, "content"), PartType::kText, parts, writer);
}

}  // namespace

Zone zone_of_openai_item(const Json& item) {
  const std::string_view type = item["type"].text();
  if (item["role"].exists()) return zone_of_role(item["role"].text());
  if (type.ends_with("_output")) return Zone::kTool;
  return type.empty() ? Zone::kUser : Zone::kAssistant;
}

void read_openai_item(const Json& item, const std::string& path, std::vector<Part>& parts,
                      Writer& writer) {
  const std::string_view type = item["type"].text();
  if (type == "function_call") {
    return add_call(item, item["name"].text(), "arguments", path, parts, writer);
  }
  if (type == "custom_tool_call") {
    return add_call(item, item["name"].text(), "input", path, parts, writer);
  }
  if (type.ends_with("_output")) return add_result(item, "output", path, parts, writer);
  if (type == "reasoning") return read_reasoning(item, path, parts, writer);
  if (type.empty() || type == "message") {
    return read_openai_content(item["content"], json_path(path, "content"), PartType::kText, parts,
                               writer);
  }
  read_hosted(item, path, parts, writer);
}

}  // namespace sonde::llm
