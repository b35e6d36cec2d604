#include "agent/llm/dialects/cohere.h"

#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

// Blocks of a stream: contents have their own numbers, so do tool calls; the plan has none.
constexpr uint64_t kPlanBlock = uint64_t{1} << 40;

void read_tool_calls(const Json& calls, const std::string& path, Message& message, Writer& writer) {
  calls.each_item([&](size_t index, Json call) {
    const bool second = call["function"].exists();  // v2 has OpenAI's form
    const Json function = second ? call["function"] : call;
    Part& part =
        writer.part(message.parts, PartType::kToolCall,
                    json_path(path, index) + (second ? ".function.arguments" : ".parameters"));
    writer.append(part.id, call["id"].text());
    writer.append(part.name, function["name"].text());
    writer.append(part.arguments,
                  (second ? function["arguments"] : function["parameters"]).text_or_dump());
  });
}

// A document or a tool's result: a text, {"type": "document", "document": {"data": ...}} or any
// object. Both come from outside and go to the tool zone.
void read_document(const Json& item, const std::string& path, std::string_view id,
                   std::vector<Part>& parts, Writer& writer) {
  const Json document = item["document"].exists() ? item["document"] : item;
  const Json data = document["data"].exists() ? document["data"] : document;
  const Json text = data["type"].text() == "text" ? data["text"] : data;
  Part& part = writer.part(parts, PartType::kToolCallResponse, path);
  writer.append(part.id, id);
  writer.append(part.content, text.text_or_dump());
}

void read_v2_message(const Json& from, size_t index, Writer& writer) {
  const std::string path = json_path("$.messages", index);
  const std::string content_path = json_path(path, "content");
  Message& message = writer.input(from["role"].text());
  const Json content = from["content"];
  if (message.zone == Zone::kTool) {
    const std::string_view id = from["tool_call_id"].text();
    if (!content.is_array()) return read_document(content, content_path, id, message.parts, writer);
    return content.each_item([&](size_t position, Json item) {
      read_document(item, json_path(content_path, position), id, message.parts, writer);
    });
  }
  writer.text(message.parts, PartType::kReasoning, from["tool_plan"].text(),
              json_path(path, "tool_plan"));
  read_openai_content(content, content_path, PartType::kText, message.parts, writer);
  read_tool_calls(from["tool_calls"], json_path(path, "tool_calls"), message, writer);
}

void read_tool_results(const Json& results, const std::string& path, Writer& writer) {
  if (!results.is_array()) return;
  Message& message = writer.input("tool");
  results.each_item([&](size_t index, Json result) {
    Part& part = writer.part(message.parts, PartType::kToolCallResponse,
                             json_path(path, index) + ".outputs");
    writer.append(part.name, result["call"]["name"].text());
    writer.append(part.content, result["outputs"].dump());
  });
}

void read_v1_history(const Json& body, Writer& writer) {
  body["chat_history"].each_item([&](size_t index, Json from) {
    const std::string path = json_path("$.chat_history", index);
    read_tool_results(from["tool_results"], json_path(path, "tool_results"), writer);
    const Json text = from["message"].exists() ? from["message"] : from["text"];
    if (text.text().empty() && !from["tool_calls"].exists()) return;
    const Json role = from["role"].exists() ? from["role"] : from["user_name"];
    Message& message = writer.input(role.text());
    writer.text(message.parts, PartType::kText, text.text(), json_path(path, "message"));
    read_tool_calls(from["tool_calls"], json_path(path, "tool_calls"), message, writer);
  });
}

void read_documents(const Json& body, Writer& writer) {
  const Json documents = body["documents"];
  if (!documents.item(0).exists()) return;
  Message& message = writer.input("tool");
  documents.each_item([&](size_t index, Json item) {
    read_document(item, json_path("$.documents", index), {}, message.parts, writer);
  });
}

void read_tools(const Json& body, Writer& writer) {
  body["tools"].each_item([&](size_t, Json tool) {
    const Json definition = tool["function"].exists() ? tool["function"] : tool;
    ToolDefinition& out = writer.tool();
    writer.append(out.name, definition["name"].text());
    writer.append(out.description, definition["description"].text());
    const Json schema = definition["parameters"].exists() ? definition["parameters"]
                                                          : definition["parameter_definitions"];
    writer.append(out.parameters, schema.dump());
  });
}

// Billed tokens go before used ones, as OpenTelemetry asks.
void read_usage(const Json& usage, Exchange& exchange) {
  for (const Json units : {usage["tokens"], usage["billed_units"]}) {
    if (const auto count = units["input_tokens"].count()) exchange.input_tokens = count;
    if (const auto count = units["output_tokens"].count()) exchange.output_tokens = count;
  }
}

void read_facts(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  for (const Json id : {body["generation_id"], body["response_id"], body["id"]}) {
    if (!id.text().empty()) writer.assign(exchange.response_id, id.text());
  }
  read_usage(body["meta"], exchange);
  read_usage(body["usage"], exchange);
}

void read_v2_output(const Json& body, Writer& writer) {
  const Json from = body["message"];
  Message& message = writer.output(from["role"].text());
  writer.text(message.parts, PartType::kReasoning, from["tool_plan"].text(), "$.message.tool_plan");
  read_openai_content(from["content"], "$.message.content", PartType::kText, message.parts, writer);
  if (!message.parts.empty()) {
    writer.annotate(message.parts.back().annotations, from["citations"]);
  }
  read_tool_calls(from["tool_calls"], "$.message.tool_calls", message, writer);
  writer.append(message.finish_reason, body["finish_reason"].text());
  writer.finish_reason(message.finish_reason);
}

void read_v1_output(const Json& body, Writer& writer) {
  Message& message = writer.output("assistant");
  if (!body["text"].text().empty()) {
    Part& part = writer.part(message.parts, PartType::kText, "$.text");
    writer.append(part.content, body["text"].text());
    writer.annotate(part.annotations, body["citations"]);
  }
  read_tool_calls(body["tool_calls"], "$.tool_calls", message, writer);
  // What connectors found on the web, on whose words the answer rests.
  body["documents"].each_item([&](size_t index, Json item) {
    read_document(item, json_path("$.documents", index), {}, message.parts, writer);
  });
  writer.append(message.finish_reason, body["finish_reason"].text());
  writer.finish_reason(message.finish_reason);
}

}  // namespace

void CohereChat::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "chat";
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  exchange.stream = body["stream"].truth();
  writer.text(exchange.system_instructions, PartType::kText, body["preamble"].text(), "$.preamble");
  writer.assign(exchange.conversation_id, body["conversation_id"].text());
  read_v1_history(body, writer);
  read_documents(body, writer);
  if (!body["message"].text().empty()) {
    writer.text(writer.input("user").parts, PartType::kText, body["message"].text(), "$.message");
  }
  read_tool_results(body["tool_results"], "$.tool_results", writer);
  body["messages"].each_item(
      [&](size_t index, Json message) { read_v2_message(message, index, writer); });
  read_tools(body, writer);
}

void CohereChat::read_answer(const Json& body, Writer& writer) {
  read_facts(body, writer);
  if (body["message"].is_object()) return read_v2_output(body, writer);
  if (body["text"].is_string() || body["tool_calls"].is_array()) {
    return read_v1_output(body, writer);
  }
  if (!body["message"].is_string()) return;
  writer.exchange().error = "error";
  writer.assign(writer.exchange().error_message, body["message"].text());
}

void CohereChat::read_event(std::string_view name, const Json& data, Writer& writer) {
  if (data["event_type"].exists()) return add_v1_event(data["event_type"].text(), data, writer);
  add_v2_event(data["type"].exists() ? data["type"].text() : name, data, writer);
}

void CohereChat::add_v1_event(std::string_view type, const Json& data, Writer& writer) {
  read_facts(data, writer);
  if (type == "text-generation") {
    begun_ = true;
    Block* const block = blocks_.find_or_open(0, PartType::kText, "$.text", writer);
    if (block != nullptr) writer.grow(block->type, block->text, data["text"].text());
  } else if (type == "stream-end") {
    ended_ = true;
    // The last event repeats the whole answer.
    if (data["response"].is_object()) {
      begun_ = false;
      return read_answer(data["response"], writer);
    }
    writer.assign(finish_reason_, data["finish_reason"].text());
  }
}

void CohereChat::add_v2_event(std::string_view type, const Json& data, Writer& writer) {
  const Json delta = data["delta"];
  const Json message = delta["message"];
  const uint64_t index = data["index"].count().value_or(0);
  begun_ = true;
  const auto add = [&](uint64_t number, PartType part, std::string path, std::string_view text) {
    Block* const block = blocks_.find_or_open(number, part, std::move(path), writer);
    if (block != nullptr) writer.grow(block->type, block->text, text);
    return block;
  };
  if (type == "message-start") {
    read_facts(data, writer);
  } else if (type == "content-start" || type == "content-delta") {
    const Json content = message["content"];
    const std::string path = json_path("$.message.content", index);
    const bool thinks = content["thinking"].exists() || content["type"].text() == "thinking";
    add(index, thinks ? PartType::kReasoning : PartType::kText,
        path + (thinks ? ".thinking" : ".text"),
        thinks ? content["thinking"].text() : content["text"].text());
  } else if (type == "tool-plan-delta") {
    add(kPlanBlock, PartType::kReasoning, "$.message.tool_plan", message["tool_plan"].text());
  } else if (type == "tool-call-start" || type == "tool-call-delta") {
    const Json call = message["tool_calls"];
    Block* const block = add(index, PartType::kToolCall,
                             json_path("$.message.tool_calls", index) + ".function.arguments",
                             call["function"]["arguments"].text());
    if (block == nullptr || type != "tool-call-start") return;
    writer.append(block->id, call["id"].text());
    writer.append(block->name, call["function"]["name"].text());
  } else if (type == "citation-start") {
    // Its index counts citations; they follow the text they belong to.
    Block* const text = blocks_.last();
    if (text != nullptr && text->type == PartType::kText)
      writer.annotate(text->annotations, message["citations"]);
  } else if (type == "message-end") {
    ended_ = true;
    writer.assign(finish_reason_, delta["finish_reason"].text());
    read_usage(delta["usage"], writer.exchange());
  }
}

void CohereChat::finish(Writer& writer) {
  if (!begun_) return;
  begun_ = false;
  Message& message = writer.output("assistant");
  blocks_.write(message, writer);
  message.finish_reason = finish_reason_;
  writer.finish_reason(finish_reason_);
}

}  // namespace sonde::llm
