#include "agent/llm/dialects/assistants.h"

#include <algorithm>

#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

// "/v1/threads/thread_1/runs" -> "thread_1"
std::string_view thread_of(std::string_view path) {
  constexpr std::string_view kMarker = "/threads/";
  const size_t at = path.find(kMarker);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = path.substr(at + kMarker.size());
  const std::string_view id = rest.substr(0, rest.find_first_of("/?"));
  return id == "runs" ? std::string_view{} : id;
}

void read_input_message(const Json& from, const std::string& path, Writer& writer) {
  const std::string_view role = from["role"].text();
  Message& message = writer.input(role.empty() ? "user" : role);
  read_openai_content(from["content"], json_path(path, "content"), PartType::kText, message.parts,
                      writer);
}

// Tools that ran on the provider's side, with what they found.
void read_hosted_call(const Json& call, const std::string& path, Message& message, Writer& writer) {
  const std::string_view type = call["type"].text();
  const Json tool = call[type];
  Part& part = writer.part(message.parts, PartType::kToolCall, json_path(path, "input"));
  writer.append(part.id, call["id"].text());
  writer.append(part.name, type);
  writer.append(part.arguments, tool["input"].text());
  for (const char* member : {"outputs", "results"}) {
    const size_t first = message.parts.size();
    tool[member].each_item([&](size_t index, Json found) {
      const std::string found_path = json_path(json_path(path, member), index);
      read_openai_content(found["content"].exists() ? found["content"] : found, found_path,
                          PartType::kToolCallResponse, message.parts, writer);
    });
    for (size_t i = first; i < message.parts.size(); ++i) {
      writer.append(message.parts[i].id, call["id"].text());
    }
  }
}

void read_tool_calls(const Json& calls, const std::string& path, Message& message, Writer& writer) {
  calls.each_item([&](size_t index, Json call) {
    const std::string_view type = call["type"].text();
    if (type == "code_interpreter" || type == "file_search") {
      return read_hosted_call(call, json_path(json_path(path, index), type), message, writer);
    }
    const Json function = call["function"];
    if (!function.exists()) return;
    Part& part = writer.part(message.parts, PartType::kToolCall,
                             json_path(path, index) + ".function.arguments");
    writer.append(part.id, call["id"].text());
    writer.append(part.name, function["name"].text());
    writer.append(part.arguments, function["arguments"].text());
    if (!function["output"].exists()) return;
    Part& result = writer.part(message.parts, PartType::kToolCallResponse,
                               json_path(path, index) + ".function.output");
    writer.append(result.id, call["id"].text());
    writer.append(result.content, function["output"].text());
  });
}

}  // namespace

void Assistants::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  const std::string_view path = exchange.http.path;
  const std::string_view thread = thread_of(path);
  exchange.operation = thread.empty() && path.find("/assistants") != std::string_view::npos
                           ? "create_agent"
                           : "invoke_agent";
  writer.assign(exchange.conversation_id, thread);
  exchange.stream = body["stream"].truth();
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  std::vector<Part>& system = exchange.system_instructions;
  for (const char* key : {"instructions", "additional_instructions"}) {
    writer.text(system, PartType::kText, body[key].text(), json_path("$", key));
  }
  if (body["content"].exists()) read_input_message(body, "$", writer);
  for (const char* key : {"messages", "additional_messages"}) {
    body[key].each_item([&](size_t index, Json message) {
      read_input_message(message, json_path(json_path("$", key), index), writer);
    });
  }
  body["thread"]["messages"].each_item([&](size_t index, Json message) {
    read_input_message(message, json_path("$.thread.messages", index), writer);
  });
  if (body["tool_outputs"].item(0).exists()) {
    Message& message = writer.input("tool");
    body["tool_outputs"].each_item([&](size_t index, Json output) {
      Part& part = writer.part(message.parts, PartType::kToolCallResponse,
                               json_path("$.tool_outputs", index) + ".output");
      writer.append(part.id, output["tool_call_id"].text());
      writer.append(part.content, output["output"].text());
    });
  }
  read_openai_tools(body, writer);
}

void Assistants::read_answer(const Json& body, Writer& writer) {
  read_openai_error(body, writer);
  if (!body["data"].is_array()) return read_object(body, "$", writer);
  body["data"].each_item(
      [&](size_t index, Json object) { read_object(object, json_path("$.data", index), writer); });
}

void Assistants::read_object(const Json& object, const std::string& path, Writer& writer) {
  Exchange& exchange = writer.exchange();
  const std::string_view kind = object["object"].text();
  if (exchange.response_id.empty()) writer.append(exchange.response_id, object["id"].text());
  if (!object["model"].text().empty()) {
    writer.assign(exchange.response_model, object["model"].text());
  }
  read_openai_usage(object["usage"], exchange);
  if (kind == "thread" && exchange.conversation_id.empty()) {
    writer.append(exchange.conversation_id, object["id"].text());
  }
  // What the assistant was told is told again with every run; the request's own stands first.
  if ((kind == "assistant" || kind == "thread.run") && exchange.system_instructions.empty()) {
    writer.text(exchange.system_instructions, PartType::kText, object["instructions"].text(),
                json_path(path, "instructions"));
    if (exchange.tools.empty()) read_openai_tools(object, writer);
  }
  if (kind == "thread.message") read_message(object, path, writer);
  if (const Json steps = object["step_details"]["tool_calls"]; steps.item(0).exists()) {
    read_tool_calls(steps, path + ".step_details.tool_calls", writer.output("assistant"), writer);
  }
  const Json calls = object["required_action"]["submit_tool_outputs"]["tool_calls"];
  if (calls.item(0).exists()) {
    read_tool_calls(calls, path + ".required_action.submit_tool_outputs.tool_calls",
                    writer.output("assistant"), writer);
  }
}

// Messages that users wrote come back with the thread; one that this very request posted is known.
void Assistants::read_message(const Json& from, const std::string& path, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (from["role"].text() != "assistant") {
    if (exchange.http.method != "POST") read_input_message(from, path, writer);
    return;
  }
  Message& message = writer.output("assistant");
  read_openai_content(from["content"], json_path(path, "content"), PartType::kText, message.parts,
                      writer);
}

Assistants::Streamed* Assistants::streamed(std::string_view id, Writer& writer) {
  for (Streamed& known : streamed_) {
    if (known.id == id) return &known;
  }
  if (!writer.admit_state()) return nullptr;
  Streamed& made = streamed_.emplace_back();
  writer.append(made.id, id);
  return &made;
}

void Assistants::read_event(std::string_view name, const Json& data, Writer& writer) {
  if (name == "thread.message.delta") {
    Streamed* const message = streamed(data["id"].text(), writer);
    if (message == nullptr) return;
    data["delta"]["content"].each_item(
        [&](size_t, Json part) { writer.append(message->text, part["text"]["value"].text()); });
  } else if (name == "thread.message.completed") {
    // The whole message takes the place of its deltas.
    const std::string_view id = data["id"].text();
    std::erase_if(streamed_, [&](const Streamed& known) { return known.id == id; });
    read_object(data, "$", writer);
  } else if (name == "thread.run.completed" || name == "thread.run.requires_action" ||
             name == "thread.run.failed" || name == "thread.run.incomplete") {
    ended_ = true;
    read_object(data, "$", writer);
  } else if (name == "thread.run.step.completed") {
    read_object(data, "$", writer);
  } else if (name == "thread.run.created" || name == "thread.created") {
    read_object(data, "$", writer);
  } else if (name == "error") {
    read_openai_error(data, writer);
  }
}

void Assistants::finish(Writer& writer) {
  for (Streamed& message : streamed_) {
    if (message.text.empty()) continue;
    Message& out = writer.output("assistant");
    writer.part(out.parts, PartType::kText, "$.content[0].text.value").content =
        std::move(message.text);
  }
  streamed_.clear();
}

}  // namespace sonde::llm
