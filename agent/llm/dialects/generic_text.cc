#include "agent/llm/dialects/generic_text.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

using Names = std::initializer_list<std::string_view>;

constexpr auto kSystemKeys = std::to_array<std::string_view>(
    {"system", "system_prompt", "systemPrompt", "system_message", "instructions", "preamble"});
constexpr auto kRetrievedKeys = std::to_array<std::string_view>(
    {"context", "documents", "document", "passages", "tool_results", "outputs"});
constexpr auto kInputKeys = std::to_array<std::string_view>(
    {"prompt", "inputs", "input", "inputText", "input_text", "text", "texts", "query", "question",
     "message", "content", "instruction", "suffix", "human_input", "data", "user_prompt"});
constexpr auto kOutputKeys = std::to_array<std::string_view>(
    {"generated_text", "completion", "generation", "outputText", "output_text", "text", "content",
     "response", "output", "answer", "generations", "reply", "result", "completions", "outputs",
     "predictions"});
// What only requests to models are asked with.
constexpr auto kSettingKeys = std::to_array<std::string_view>({"max_tokens",
                                                               "max_new_tokens",
                                                               "maxTokens",
                                                               "maxTokenCount",
                                                               "max_gen_len",
                                                               "max_tokens_to_sample",
                                                               "maximum_tokens",
                                                               "max_length",
                                                               "max_output_tokens",
                                                               "n_predict",
                                                               "num_predict",
                                                               "temperature",
                                                               "top_p",
                                                               "topP",
                                                               "top_k",
                                                               "stop_sequences",
                                                               "stopSequences",
                                                               "decoding_method",
                                                               "repetition_penalty",
                                                               "max_completion_tokens",
                                                               "system_prompt"});
constexpr auto kSettingHolders = std::to_array<std::string_view>(
    {"parameters", "options", "input", "textGenerationConfig", "generation_config", "config"});

template <size_t N>
bool among(std::string_view key, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

// Visits every value below `root`, in document order and without recursion: the depth is the peer's
// choice. visit(key, value, path) answers whether to go into the value.
template <typename Visit>
void walk(const Json& root, Visit&& visit) {
  struct Place {
    std::string_view key;  // of the member, or of the array's own
    Json value;
    std::string path;
  };
  std::vector<Place> open = {{{}, root, "$"}};
  std::vector<Place> children;
  while (!open.empty()) {
    const Place place = std::move(open.back());
    open.pop_back();
    if (!visit(place.key, place.value, place.path)) continue;
    place.value.each_member([&](std::string_view key, Json member) {
      children.push_back({key, member, json_path(place.path, key)});
    });
    place.value.each_item([&](size_t index, Json item) {
      if (item.is_string() || item.is_object() || item.is_array()) {
        children.push_back({place.key, item, json_path(place.path, index)});
      }
    });
    open.insert(open.end(), std::make_move_iterator(children.rbegin()),
                std::make_move_iterator(children.rend()));
    children.clear();
  }
}

std::string_view role_of(const Json& value) {
  for (const char* key : {"role", "from", "author", "speaker", "sender"}) {
    if (value[key].is_string()) return value[key].text();
  }
  return {};
}

// A message of a conversation in whatever form: {"role", "content" | "text" | "value" | "message"}.
bool read_message(const Json& value, const std::string& path, Writer& writer) {
  const std::string_view role = role_of(value);
  if (role.empty()) return false;
  for (const char* key : {"content", "text", "value", "message", "parts"}) {
    if (!value[key].exists()) continue;
    Message& message = writer.input(role);
    const PartType type =
        message.zone == Zone::kTool ? PartType::kToolCallResponse : PartType::kText;
    read_openai_content(value[key], json_path(path, key), type, message.parts, writer);
    return true;
  }
  return false;
}

bool has_settings(const Json& body) {
  for (const std::string_view key : kSettingKeys) {
    if (body[key].exists()) return true;
    for (const std::string_view holder : kSettingHolders) {
      if (body[holder][key].exists()) return true;
    }
  }
  return false;
}

// Counts of a stream grow, and some of its events have none and say 0.
void take_more(const Json& value, std::optional<uint64_t>& count) {
  const auto more = value.count();
  if (more && *more >= count.value_or(0)) count = more;
}

void read_counts(std::string_view key, const Json& value, Exchange& exchange) {
  const auto is = [&](Names names) {
    return std::find(names.begin(), names.end(), key) != names.end();
  };
  if (is({"prompt_tokens", "input_tokens", "inputTextTokenCount", "prompt_token_count",
          "input_token_count", "inputTokens", "num_tokens_prompt_total", "tokens_evaluated"})) {
    take_more(value, exchange.input_tokens);
  } else if (is({"completion_tokens", "output_tokens", "generation_token_count",
                 "generated_token_count", "generated_tokens", "outputTokens", "tokenCount",
                 "num_tokens_generated", "totalOutputTextTokenCount", "tokens_predicted"})) {
    take_more(value, exchange.output_tokens);
  }
}

bool is_finish_reason(std::string_view key) {
  return key == "finish_reason" || key == "stop_reason" || key == "completionReason" ||
         key == "finishReason" || key == "stop_type" || key == "completion_reason";
}

// Members that repeat the request or hold no text of the model.
bool is_aside(std::string_view key) {
  return key == "input" || key == "prompt" || key == "usage" || key == "meta" || key == "logs" ||
         key == "error" || key == "tokens" || key == "generatedToken" || key == "prefill" ||
         key == "top_tokens" || key == "generation_settings" || key == "system" ||
         key == "amazon-bedrock-trace" || key == "logprobs";
}

}  // namespace

bool GenericText::has_text(const Json& body) {
  for (const std::string_view key : kInputKeys) {
    if (body[key].is_string() || body[key].item(0).is_string()) return true;
  }
  return !role_of(body["messages"].item(0)).empty();
}

bool GenericText::fits_request(const Json& body) {
  const bool settings = has_settings(body);
  // A model alone says little ({"model": "T-Ford", "text": ...}): the text needs a telling name.
  const bool named = body["model"].is_string() || body["model_id"].is_string() ||
                     body["version"].is_string() || body["stream"].exists();
  for (const std::string_view key : kInputKeys) {
    const Json value = body[key];
    if (value["prompt"].is_string()) return true;
    const bool text = value.is_string() || value.item(0).is_string() ||
                      (value.item(0)["type"].is_string() && value.item(0)["data"].is_string());
    if (text && (settings || (named && (key == "prompt" || key == "inputs")))) return true;
  }
  if (!settings && !named) return false;
  for (const char* key :
       {"messages", "conversation", "history", "chat_history", "inputs", "input"}) {
    if (!role_of(body[key].item(0)).empty()) return true;
  }
  return false;
}

void GenericText::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "text_completion";
  for (const char* key : {"model", "model_id", "modelId", "version"}) {
    if (body[key].text().empty()) continue;
    writer.assign(exchange.request_model, body[key].text());
    break;
  }
  exchange.stream = exchange.stream || body["stream"].truth();
  // DashScope streams the whole answer anew in each event where it was not asked for pieces.
  const bool dash_scope = exchange.http.path.find("/services/aigc/") != std::string::npos;
  cumulative_ = dash_scope && !body["parameters"]["incremental_output"].truth();
  walk(body, [&](std::string_view key, const Json& value, const std::string& path) {
    if (key == "tools" || key == "functions" || key == "response_format") return false;
    if (value.is_object() && read_message(value, path, writer)) {
      exchange.operation = "chat";
      return false;
    }
    if (!value.is_string()) return true;
    if (among(key, kSystemKeys)) {
      writer.text(exchange.system_instructions, PartType::kText, value.text(), path);
    } else if (among(key, kRetrievedKeys)) {
      writer.text(writer.input("tool").parts, PartType::kToolCallResponse, value.text(), path);
    } else if (among(key, kInputKeys) && !value.text().empty()) {
      writer.text(writer.input("user").parts, PartType::kText, value.text(), path);
    }
    return false;
  });
  read_openai_tools(body, writer);
  read_openai_user(body, writer);
}

void GenericText::read_answer(const Json& body, Writer& writer) {
  // Where the request was read by another call (Replicate's predictions are polled), the answer
  // repeats what was asked.
  if (writer.exchange().http.method == "GET") {
    for (const char* key : {"prompt", "system_prompt"}) {
      const std::string path = json_path("$.input", key);
      writer.text(writer.input(key[0] == 's' ? "system" : "user").parts, PartType::kText,
                  body["input"][key].text(), path);
    }
  }
  read_event({}, body, writer);
}

bool GenericText::read_text(std::string_view name, std::string_view text, Writer& writer) {
  // Replicate's streams: "output" events are the text, "done" and "error" end it.
  if (name == "done") return true;
  if (name == "error") {
    writer.exchange().error = "error";
    return true;
  }
  add_text("$", text, writer);
  return true;
}

void GenericText::read_event(std::string_view, const Json& data, Writer& writer) {
  Exchange& exchange = writer.exchange();
  for (const char* key : {"model", "model_id"}) {
    if (!data[key].text().empty()) writer.assign(exchange.response_model, data[key].text());
  }
  if (!data["id"].text().empty()) writer.assign(exchange.response_id, data["id"].text());
  read_openai_error(data, writer);
  read_openai_usage(data["usage"], exchange);
  walk(data, [&](std::string_view key, const Json& value, const std::string& path) {
    read_counts(key, value, exchange);
    if (is_finish_reason(key) && value.is_string()) writer.assign(finish_reason_, value.text());
    // TGI's {"token": {"text"}} is a stream's delta, beside a list of tokens that is not.
    if (value.is_string() && among(key, kOutputKeys)) add_text(path, value.text(), writer);
    return !is_aside(key) || value.is_string();
  });
}

void GenericText::add_text(std::string path, std::string_view text, Writer& writer) {
  if (text.empty()) return;
  // Lists of strings are one text in pieces (Replicate's output).
  if (path.ends_with(']')) path.resize(path.rfind('['));
  Block* block = blocks_.last();
  if (block == nullptr || block->json_path != path) {
    block = nullptr;
    for (uint64_t i = 0; i < blocks_.size() && block == nullptr; ++i) {
      Block* const known = blocks_.find(i);
      if (known->json_path == path) block = known;
    }
  }
  if (block == nullptr) block = blocks_.open(blocks_.size(), PartType::kText, path, writer);
  if (block == nullptr) return;
  if (cumulative_ && text.starts_with(block->text)) text.remove_prefix(block->text.size());
  writer.grow(block->type, block->text, text);
}

void GenericText::finish(Writer& writer) {
  if (blocks_.empty()) return;
  Message& message = writer.output("assistant");
  blocks_.write(message, writer);
  // A stream's last event often repeats the whole text: once is enough.
  std::vector<Part>& parts = message.parts;
  for (size_t i = parts.size(); i-- > 1;) {
    const bool repeats = std::any_of(parts.begin(), parts.begin() + static_cast<ptrdiff_t>(i),
                                     [&](const Part& p) { return p.content == parts[i].content; });
    if (repeats) parts.erase(parts.begin() + static_cast<ptrdiff_t>(i));
  }
  message.finish_reason = finish_reason_;
  writer.finish_reason(finish_reason_);
}

}  // namespace sonde::llm
