#include "agent/llm/dialects/openai_chat.h"

#include <algorithm>

#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

// DeepSeek and vLLM say reasoning_content, OpenRouter and Groq say reasoning.
constexpr const char* kReasoningKeys[] = {"reasoning_content", "reasoning"};

void read_tool_call(const Json& call, const std::string& path, Message& message, Writer& writer) {
  const bool custom = call["custom"].exists();
  const Json function = custom ? call["custom"] : call["function"];
  Part& part = writer.part(message.parts, PartType::kToolCall,
                           json_path(path, custom ? "custom.input" : "function.arguments"));
  writer.append(part.id, call["id"].text());
  writer.append(part.name, function["name"].text());
  const Json arguments = custom ? function["input"] : function["arguments"];
  writer.append(part.arguments, arguments.text_or_dump());
}

// Web search results come as annotations, and as Azure's and Perplexity's own members.
void annotate(const Json& message, std::string& annotations, Writer& writer) {
  writer.annotate(annotations, message["annotations"]);
  writer.annotate(annotations, message["context"]["citations"]);
}

// What comes whole even in a stream: generated images, and tools that Groq ran itself.
void read_whole_pieces(const Json& from, const std::string& path, std::vector<Part>& parts,
                       Writer& writer) {
  read_openai_content(from["images"], json_path(path, "images"), PartType::kText, parts, writer);
  from["executed_tools"].each_item([&](size_t index, Json tool) {
    if (!tool["output"].exists()) return;  // a stream announces it first
    const std::string tool_path = json_path(json_path(path, "executed_tools"), index);
    Part& call = writer.part(parts, PartType::kToolCall, json_path(tool_path, "arguments"));
    writer.append(call.name, tool["type"].text());
    writer.append(call.arguments, tool["arguments"].text_or_dump());
    Part& result = writer.part(parts, PartType::kToolCallResponse, json_path(tool_path, "output"));
    writer.append(result.name, tool["type"].text());
    writer.append(result.content, tool["output"].text_or_dump());
  });
}

// What an assistant's message holds besides its content, in requests and in answers.
void read_assistant(const Json& from, const std::string& path, Message& message, Writer& writer) {
  for (const char* key : kReasoningKeys) {
    if (from[key].text().empty()) continue;
    writer.text(message.parts, PartType::kReasoning, from[key].text(), json_path(path, key));
    break;
  }
  read_openai_content(from["content"], json_path(path, "content"), PartType::kText, message.parts,
                      writer);
  if (!message.parts.empty() && message.parts.back().type == PartType::kText) {
    annotate(from, message.parts.back().annotations, writer);
  }
  writer.text(message.parts, PartType::kRefusal, from["refusal"].text(),
              json_path(path, "refusal"));
  writer.text(message.parts, PartType::kText, from["audio"]["transcript"].text(),
              json_path(path, "audio.transcript"));
  from["tool_calls"].each_item([&](size_t index, Json call) {
    read_tool_call(call, json_path(json_path(path, "tool_calls"), index), message, writer);
  });
  read_whole_pieces(from, path, message.parts, writer);
  const Json legacy = from["function_call"];
  if (!legacy.is_object()) return;
  Part& part =
      writer.part(message.parts, PartType::kToolCall, json_path(path, "function_call.arguments"));
  writer.append(part.name, legacy["name"].text());
  writer.append(part.arguments, legacy["arguments"].text_or_dump());
}

// A tool's result: one part per text, each with the id of the call it answers.
void read_tool_result(const Json& from, const std::string& path, Message& message, Writer& writer) {
  const Json content = from["content"];
  const size_t first = message.parts.size();
  read_openai_content(content, json_path(path, "content"), PartType::kToolCallResponse,
                      message.parts, writer);
  if (message.parts.size() == first) {
    Part& part =
        writer.part(message.parts, PartType::kToolCallResponse, json_path(path, "content"));
    if (!content.is_string() && !content.is_array()) writer.append(part.content, content.dump());
  }
  for (size_t i = first; i < message.parts.size(); ++i) {
    if (message.parts[i].type != PartType::kToolCallResponse) continue;
    writer.append(message.parts[i].id, from["tool_call_id"].text());
    writer.append(message.parts[i].name, from["name"].text());
  }
}

void read_message(const Json& from, size_t index, Writer& writer) {
  const std::string path = json_path("$.messages", index);
  const std::string_view role = from["role"].text();
  Message& message = writer.input(role.empty() ? "user" : role);
  if (message.zone == Zone::kTool) return read_tool_result(from, path, message, writer);
  read_assistant(from, path, message, writer);
}

void read_response_facts(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (!body["id"].text().empty()) writer.assign(exchange.response_id, body["id"].text());
  if (!body["model"].text().empty()) writer.assign(exchange.response_model, body["model"].text());
  read_openai_usage(body["usage"], exchange);
  // Groq sends a stream's usage in a member of its own.
  read_openai_usage(body["x_groq"]["usage"], exchange);
  read_prompt_filter(body, writer);
  read_openai_error(body, writer);
}

// Perplexity's sources stand beside the choices; a stream repeats them with every event.
void annotate_answer(const Json& body, std::string& annotations, Writer& writer) {
  if (!annotations.empty()) return;
  const Json results = body["search_results"];
  writer.annotate(annotations, results.exists() ? results : body["citations"]);
}

std::string choice_path(uint64_t index) { return json_path("$.choices", index); }

}  // namespace

void OpenAiChat::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "chat";
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  exchange.stream = exchange.stream || body["stream"].truth();
  body["messages"].each_item(
      [&](size_t index, Json message) { read_message(message, index, writer); });
  read_openai_tools(body, writer);
  read_openai_user(body, writer);
}

void OpenAiChat::read_answer(const Json& body, Writer& writer) {
  read_response_facts(body, writer);
  body["choices"].each_item([&](size_t position, Json choice) {
    const Json from = choice["message"];
    Message& message = writer.output(from["role"].text());
    read_assistant(from, json_path(choice_path(position), "message"), message, writer);
    writer.append(message.finish_reason, choice["finish_reason"].text());
    writer.finish_reason(message.finish_reason);
    read_content_filter(choice["content_filter_results"], writer);
    if (!message.parts.empty()) annotate_answer(body, message.parts.back().annotations, writer);
  });
}

void OpenAiChat::read_event(std::string_view, const Json& data, Writer& writer) {
  read_response_facts(data, writer);
  data["choices"].each_item([&](size_t position, Json from) {
    Choice* const choice = this->choice(from["index"].count().value_or(position), writer);
    if (choice == nullptr) return;
    // Some servers put the whole message into the last chunk, or send it as the only one.
    const Json delta = from["delta"].exists() ? from["delta"] : from["message"];
    add_delta(*choice, delta, writer);
    const std::string_view reason = from["finish_reason"].text();
    if (!reason.empty()) writer.assign(choice->finish_reason, reason);
    read_content_filter(from["content_filter_results"], writer);
    annotate_answer(data, choice->annotations, writer);
  });
}

OpenAiChat::Choice* OpenAiChat::choice(uint64_t index, Writer& writer) {
  for (Choice& known : choices_) {
    if (known.index == index) return &known;
  }
  if (!writer.admit_state()) return nullptr;
  Choice& made = choices_.emplace_back();
  made.index = index;
  return &made;
}

void OpenAiChat::add_delta(Choice& choice, const Json& delta, Writer& writer) {
  if (choice.role.empty()) writer.append(choice.role, delta["role"].text());
  for (const char* key : kReasoningKeys) {
    if (delta[key].text().empty()) continue;
    writer.grow(PartType::kReasoning, choice.reasoning, delta[key].text());
    break;
  }
  append_openai_delta(delta["content"], choice.text, choice.reasoning, writer);
  writer.grow(PartType::kRefusal, choice.refusal, delta["refusal"].text());
  writer.append(choice.audio_transcript, delta["audio"]["transcript"].text());
  delta["tool_calls"].each_item(
      [&](size_t position, Json call) { add_tool_call(choice, call, position, writer); });
  annotate(delta, choice.annotations, writer);
  read_whole_pieces(delta, json_path(choice_path(choice.index), "message"), choice.whole, writer);
  const Json legacy = delta["function_call"];
  writer.append(choice.function_call.name, legacy["name"].text());
  writer.append(choice.function_call.arguments, legacy["arguments"].text());
}

void OpenAiChat::add_tool_call(Choice& choice, const Json& delta, size_t position, Writer& writer) {
  const uint64_t index = delta["index"].count().value_or(position);
  const std::string_view id = delta["id"].text();
  const bool custom = delta["custom"].exists();
  const Json function = custom ? delta["custom"] : delta["function"];
  // The newest call of this index goes on, unless another id begins: some servers number every
  // call 0 and send each whole.
  const auto known = std::find_if(choice.tool_calls.rbegin(), choice.tool_calls.rend(),
                                  [&](const ToolCall& call) { return call.index == index; });
  const bool goes_on =
      known != choice.tool_calls.rend() && (id.empty() || known->id.empty() || known->id == id);
  if (!goes_on && !writer.admit_state()) return;
  ToolCall& call = goes_on ? *known : choice.tool_calls.emplace_back();
  call.index = index;
  if (call.id.empty()) writer.append(call.id, id);
  if (call.name.empty()) writer.append(call.name, function["name"].text());
  const Json arguments = custom ? function["input"] : function["arguments"];
  writer.grow(PartType::kToolCall, call.arguments, arguments.text_or_dump());
}

void OpenAiChat::write(const Choice& choice, Writer& writer) {
  const std::string path = json_path(choice_path(choice.index), "message");
  Message& message = writer.output(choice.role);
  const auto add_text = [&](PartType type, const std::string& text, const char* member) {
    if (text.empty()) return;
    writer.part(message.parts, type, json_path(path, member)).content = text;
  };
  add_text(PartType::kReasoning, choice.reasoning, "reasoning_content");
  add_text(PartType::kText, choice.text, "content");
  if (!choice.text.empty() && !message.parts.empty()) {
    message.parts.back().annotations = choice.annotations;
  }
  add_text(PartType::kRefusal, choice.refusal, "refusal");
  add_text(PartType::kText, choice.audio_transcript, "audio.transcript");
  for (size_t i = 0; i < choice.tool_calls.size(); ++i) {
    const ToolCall& call = choice.tool_calls[i];
    Part& part = writer.part(message.parts, PartType::kToolCall,
                             json_path(json_path(path, "tool_calls"), i) + ".function.arguments");
    part.id = call.id;
    part.name = call.name;
    part.arguments = call.arguments;
  }
  message.parts.insert(message.parts.end(), choice.whole.begin(), choice.whole.end());
  if (!choice.function_call.name.empty()) {
    Part& part =
        writer.part(message.parts, PartType::kToolCall, json_path(path, "function_call.arguments"));
    part.name = choice.function_call.name;
    part.arguments = choice.function_call.arguments;
  }
  message.finish_reason = choice.finish_reason;
  writer.finish_reason(choice.finish_reason);
}

void OpenAiChat::finish(Writer& writer) {
  std::stable_sort(choices_.begin(), choices_.end(),
                   [](const Choice& a, const Choice& b) { return a.index < b.index; });
  for (const Choice& choice : choices_) write(choice, writer);
  choices_.clear();
}

bool OpenAiChat::ended() const {
  return !choices_.empty() && std::all_of(choices_.begin(), choices_.end(),
                                          [](const Choice& c) { return !c.finish_reason.empty(); });
}

}  // namespace sonde::llm
