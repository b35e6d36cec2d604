#include "agent/llm/dialects/openai_completions.h"

#include <algorithm>

#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {

void OpenAiCompletions::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "text_completion";
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  exchange.stream = body["stream"].truth();
  const Json prompt = body["prompt"];
  if (prompt.is_string()) {
    writer.text(writer.input("user").parts, PartType::kText, prompt.text(), "$.prompt");
  }
  // Several prompts; lists of numbers are texts in tokens and cannot be read.
  prompt.each_item([&](size_t index, Json one) {
    if (!one.is_string()) return;
    writer.text(writer.input("user").parts, PartType::kText, one.text(),
                json_path("$.prompt", index));
  });
  if (!body["suffix"].text().empty()) {
    writer.text(writer.input("user").parts, PartType::kText, body["suffix"].text(), "$.suffix");
  }
  read_openai_user(body, writer);
}

void OpenAiCompletions::read_answer(const Json& body, Writer& writer) {
  read_event({}, body, writer);
}

void OpenAiCompletions::read_event(std::string_view, const Json& data, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (!data["id"].text().empty()) writer.assign(exchange.response_id, data["id"].text());
  if (!data["model"].text().empty()) writer.assign(exchange.response_model, data["model"].text());
  read_openai_usage(data["usage"], exchange);
  read_prompt_filter(data, writer);
  read_openai_error(data, writer);
  data["choices"].each_item([&](size_t position, Json from) {
    const uint64_t index = from["index"].count().value_or(position);
    auto known = std::find_if(choices_.begin(), choices_.end(),
                              [&](const Choice& choice) { return choice.index == index; });
    if (known == choices_.end()) {
      if (!writer.admit_state()) return;
      known = choices_.insert(known, Choice{.index = index});
    }
    // Mistral's fill-in-the-middle asks like this and answers like a chat.
    const Json message = from["delta"].exists() ? from["delta"] : from["message"];
    const Json text = from["text"].exists() ? from["text"] : message["content"];
    writer.grow(PartType::kText, known->text, text.text());
    if (!from["finish_reason"].text().empty()) {
      writer.assign(known->finish_reason, from["finish_reason"].text());
    }
    read_content_filter(from["content_filter_results"], writer);
  });
}

void OpenAiCompletions::finish(Writer& writer) {
  std::stable_sort(choices_.begin(), choices_.end(),
                   [](const Choice& a, const Choice& b) { return a.index < b.index; });
  for (const Choice& choice : choices_) {
    Message& message = writer.output("assistant");
    if (!choice.text.empty()) {
      writer
          .part(message.parts, PartType::kText,
                json_path("$.choices", static_cast<size_t>(choice.index)) + ".text")
          .content = choice.text;
    }
    message.finish_reason = choice.finish_reason;
    writer.finish_reason(choice.finish_reason);
  }
  choices_.clear();
}

bool OpenAiCompletions::ended() const {
  return !choices_.empty() && std::all_of(choices_.begin(), choices_.end(),
                                          [](const Choice& c) { return !c.finish_reason.empty(); });
}

}  // namespace sonde::llm
