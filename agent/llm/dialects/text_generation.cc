#include "agent/llm/dialects/text_generation.h"

#include "agent/llm/dialects/openai_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

void read_details(const Json& details, std::string& finish_reason, Writer& writer) {
  Exchange& exchange = writer.exchange();
  if (const auto count = details["generated_tokens"].count()) exchange.output_tokens = count;
  if (const auto count = details["input_length"].count()) exchange.input_tokens = count;
  if (details["prefill"].item(0).exists()) {
    uint64_t tokens = 0;
    details["prefill"].each_item([&](size_t, Json) { ++tokens; });
    exchange.input_tokens = tokens;
  }
  if (!details["finish_reason"].text().empty()) {
    writer.assign(finish_reason, details["finish_reason"].text());
  }
}

}  // namespace

void TextGeneration::read_request(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  exchange.operation = "text_completion";
  exchange.stream = body["stream"].truth();
  if (!body["model"].text().empty()) writer.assign(exchange.request_model, body["model"].text());
  const Json inputs = body["inputs"];
  if (inputs.is_string()) {
    writer.text(writer.input("user").parts, PartType::kText, inputs.text(), "$.inputs");
  }
  inputs.each_item([&](size_t index, Json one) {
    writer.text(writer.input("user").parts, PartType::kText, one.text(),
                json_path("$.inputs", index));
  });
}

void TextGeneration::read_answer(const Json& body, Writer& writer) {
  read_openai_error(body, writer);
  read_event({}, body, writer);
}

void TextGeneration::read_event(std::string_view, const Json& data, Writer& writer) {
  read_openai_error(data, writer);
  read_details(data["details"], finish_reason_, writer);
  const Json whole = data["generated_text"];
  const Json token = data["token"];
  begun_ = begun_ || whole.exists() || token.exists();
  if (whole.exists()) {
    // The last event repeats the text without the tokens that are not part of it.
    ended_ = true;
    text_.clear();
    writer.grow(PartType::kText, text_, whole.text());
  } else if (!token["special"].truth()) {
    writer.grow(PartType::kText, text_, token["text"].text());
  }
}

void TextGeneration::finish(Writer& writer) {
  if (!begun_) return;
  begun_ = false;
  Message& message = writer.output("assistant");
  if (!text_.empty()) {
    writer.part(message.parts, PartType::kText, "$.generated_text").content = std::move(text_);
  }
  message.finish_reason = finish_reason_;
  writer.finish_reason(finish_reason_);
}

}  // namespace sonde::llm
