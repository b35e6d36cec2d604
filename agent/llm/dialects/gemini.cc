#include "agent/llm/dialects/gemini.h"

#include <algorithm>

#include "agent/llm/dialects/gemini_parts.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {
namespace {

void read_ratings(const Json& ratings, Writer& writer) {
  ratings.each_item([&](size_t, Json rating) {
    std::string name = lower_case(rating["category"].text());
    constexpr std::string_view kPrefix = "harm_category_";
    if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
    const bool blocked = rating["blocked"].truth();
    const std::string_view probability = rating["probability"].text();
    const bool likely = probability == "MEDIUM" || probability == "HIGH";
    writer.verdict(name, blocked || likely, blocked);
  });
}

void read_error(const Json& error, Writer& writer) {
  if (!error.exists()) return;
  Exchange& exchange = writer.exchange();
  writer.assign(exchange.error, error["status"].text_or_dump());
  if (exchange.error.empty()) writer.assign(exchange.error, error["code"].text_or_dump());
  if (exchange.error.empty()) exchange.error = "error";
  writer.assign(exchange.error_message, error["message"].text());
}

void read_facts(const Json& body, Writer& writer) {
  Exchange& exchange = writer.exchange();
  const Json model = gemini_member(body, "modelVersion", "model_version");
  if (!model.text().empty()) writer.assign(exchange.response_model, model.text());
  const Json id = gemini_member(body, "responseId", "response_id");
  if (!id.text().empty()) writer.assign(exchange.response_id, id.text());
  read_gemini_usage(gemini_member(body, "usageMetadata", "usage_metadata"), exchange);
  const Json feedback = gemini_member(body, "promptFeedback", "prompt_feedback");
  const Json reason = gemini_member(feedback, "blockReason", "block_reason");
  if (!reason.text().empty()) {
    // Of the prompt, whatever the reason: the same names as finish reasons speak of the answer.
    writer.verdict(lower_case(reason.text()), true, true);
    writer.verdict("prompt_blocked", true, true);
  }
  read_ratings(gemini_member(feedback, "safetyRatings", "safety_ratings"), writer);
  read_error(body["error"], writer);
}

// Finish reasons that are verdicts of a filter.
bool is_filter_reason(std::string_view reason) {
  for (const std::string_view known :
       {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT", "RECITATION", "IMAGE_RECITATION"}) {
    if (reason == known) return true;
  }
  return false;
}

// Code Assist wraps the request: {"model": ..., "request": {"contents": [...]}}.
Json unwrapped(const Json& body, const char* member) {
  const Json inner = body[member];
  return inner.is_object() ? inner : body;
}

}  // namespace

void Gemini::read_request(const Json& outer, Writer& writer) {
  Exchange& exchange = writer.exchange();
  const Json wrapped = unwrapped(outer, "request");
  const Json body = unwrapped(wrapped, "generateContentRequest");  // countTokens
  exchange.operation = "generate_content";
  exchange.stream = exchange.http.path.find(":stream") != std::string::npos;
  if (exchange.request_model.empty()) {
    std::string_view model = outer["model"].text();
    // "models/gemini-2.5-flash", "projects/.../publishers/google/models/gemini-2.5-flash"
    constexpr std::string_view kMarker = "models/";
    if (const size_t at = model.rfind(kMarker); at != std::string_view::npos) {
      model.remove_prefix(at + kMarker.size());
    }
    writer.assign(exchange.request_model, model);
  }
  read_gemini_system(body, writer);
  const Json contents = body["contents"];
  if (contents.is_object() || contents.is_string()) {
    read_gemini_content(contents, "$.contents", writer);
  }
  contents.each_item([&](size_t index, Json content) {
    read_gemini_content(content, json_path("$.contents", index), writer);
  });
  read_gemini_tools(body, writer);
}

void Gemini::read_answer(const Json& body, Writer& writer) { read(body, false, writer); }

void Gemini::read_event(std::string_view, const Json& data, Writer& writer) {
  read(data, true, writer);
}

void Gemini::read(const Json& outer, bool grows, Writer& writer) {
  const Json body = unwrapped(outer, "response");
  read_facts(body, writer);
  body["candidates"].each_item(
      [&](size_t position, Json from) { read_candidate(from, position, grows, writer); });
}

void Gemini::read_candidate(const Json& from, size_t position, bool grows, Writer& writer) {
  Candidate* const to = candidate(from["index"].count().value_or(position), writer);
  if (to == nullptr) return;
  const Json content = from["content"];
  if (to->role.empty()) writer.append(to->role, content["role"].text());
  const std::string path =
      json_path("$.candidates", static_cast<size_t>(to->index)) + ".content.parts";
  content["parts"].each_item(
      [&](size_t, Json part) { add_gemini_part(part, path, to->blocks, grows, writer); });
  const std::string_view reason = gemini_member(from, "finishReason", "finish_reason").text();
  if (!reason.empty()) writer.assign(to->finish_reason, reason);
  if (is_filter_reason(reason)) writer.verdict(lower_case(reason), true, true);
  read_ratings(gemini_member(from, "safetyRatings", "safety_ratings"), writer);
  const Json cited = gemini_member(from, "citationMetadata", "citation_metadata");
  writer.annotate(to->annotations, gemini_member(cited, "citationSources", "citation_sources"));
  writer.annotate(to->annotations, cited["citations"]);
  const Json grounding = gemini_member(from, "groundingMetadata", "grounding_metadata");
  writer.annotate(to->annotations, gemini_member(grounding, "groundingChunks", "grounding_chunks"));
}

Gemini::Candidate* Gemini::candidate(uint64_t index, Writer& writer) {
  for (Candidate& known : candidates_) {
    if (known.index == index) return &known;
  }
  if (!writer.admit_state()) return nullptr;
  Candidate& made = candidates_.emplace_back();
  made.index = index;
  return &made;
}

void Gemini::finish(Writer& writer) {
  std::stable_sort(candidates_.begin(), candidates_.end(),
                   [](const Candidate& a, const Candidate& b) { return a.index < b.index; });
  for (Candidate& from : candidates_) {
    Message& message = writer.output(from.role.empty() ? "model" : from.role);
    from.blocks.write(message, writer);
    const auto text = std::find_if(message.parts.rbegin(), message.parts.rend(),
                                   [](const Part& p) { return p.type == PartType::kText; });
    if (text != message.parts.rend()) text->annotations = std::move(from.annotations);
    message.finish_reason = from.finish_reason;
    writer.finish_reason(from.finish_reason);
  }
  candidates_.clear();
}

bool Gemini::ended() const {
  return !candidates_.empty() &&
         std::all_of(candidates_.begin(), candidates_.end(),
                     [](const Candidate& one) { return !one.finish_reason.empty(); });
}

}  // namespace sonde::llm
