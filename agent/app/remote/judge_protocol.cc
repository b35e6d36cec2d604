#include "agent/app/remote/judge_protocol.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr size_t kCategoryCharacters = 120;
constexpr int kAnswerTokens = 256;  // a verdict is a word or two, a reasoning model thinks first

constexpr auto kUnsafeWords =
    std::to_array<std::string_view>({"unsafe", "yes", "true", "attack", "malicious", "injection",
                                     "jailbreak", "harmful", "flagged", "blocked", "1"});
constexpr auto kSafeWords =
    std::to_array<std::string_view>({"safe", "no", "false", "benign", "harmless", "clean", "none",
                                     "legitimate", "controversial", "0"});
// Members of a JSON verdict: what they say is that of an attack, or the other way around.
constexpr auto kUnsafeMembers = std::to_array<std::string_view>(
    {"attack", "attack_detected", "attackDetected", "unsafe", "is_unsafe", "flagged", "injection",
     "jailbreak", "malicious", "verdict", "label", "result", "safety", "User Safety", "score"});
constexpr auto kSafeMembers = std::to_array<std::string_view>({"safe", "is_safe"});
constexpr auto kCategoryMembers = std::to_array<std::string_view>(
    {"categories", "Safety Categories", "violated_categories", "category"});

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t start = text.find_first_not_of(kSpace);
  if (start == text.npos) return {};
  return text.substr(start, text.find_last_not_of(kSpace) - start + 1);
}

// Only what a category's name is made of: an answer must not write into alerts.
std::string category_text(std::string_view text) {
  std::string out;
  for (const char c : trimmed(text)) {
    if (out.size() >= kCategoryCharacters) break;
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || c == ',' || c == '_' || c == '-' || (c == ' ' && !out.empty())) out += c;
  }
  return out;
}

// What a verdict's first word says; nothing where it is none.
std::optional<bool> meaning_of(std::string_view text) {
  text = trimmed(text);
  while (!text.empty() && std::string_view("\"'*`.:#").find(text.front()) != text.npos) {
    text.remove_prefix(1);
  }
  size_t size = 0;
  while (size < text.size() && size < 16 && std::isalnum(static_cast<unsigned char>(text[size]))) {
    ++size;
  }
  const std::string word = lower(text.substr(0, size));
  if (std::find(kUnsafeWords.begin(), kUnsafeWords.end(), word) != kUnsafeWords.end()) return true;
  if (std::find(kSafeWords.begin(), kSafeWords.end(), word) != kSafeWords.end()) return false;
  return std::nullopt;
}

std::optional<bool> meaning_of_value(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return meaning_of(std::string_view(value.get_ref<const std::string&>()));
  if (value.is_number_integer() && (value == 0 || value == 1)) return value == 1;
  return std::nullopt;
}

std::string categories_of(const Json& object) {
  std::string out;
  for (const std::string_view name : kCategoryMembers) {
    const auto found = object.find(name);
    if (found == object.end()) continue;
    if (found->is_string()) out += found->get_ref<const std::string&>();
    if (!found->is_array()) continue;
    for (const Json& element : *found) {
      if (!element.is_string() || out.size() > kCategoryCharacters) continue;
      if (!out.empty()) out += ',';
      out += element.get_ref<const std::string&>();
    }
  }
  return category_text(out);
}

std::optional<JudgeVerdict> read_json_verdict(const Json& object) {
  for (const std::string_view name : kUnsafeMembers) {
    const auto found = object.find(name);
    const auto said = found == object.end() ? std::nullopt : meaning_of_value(*found);
    if (said) return JudgeVerdict{*said, categories_of(object)};
  }
  for (const std::string_view name : kSafeMembers) {
    const auto found = object.find(name);
    if (found == object.end()) continue;
    if (const auto said = meaning_of_value(*found))
      return JudgeVerdict{!*said, categories_of(object)};
  }
  return std::nullopt;
}

// What stands behind `label` up to the end of its line; nothing where there is none.
std::optional<std::string_view> line_after(std::string_view text, std::string_view label) {
  const size_t at = text.find(label);
  if (at == text.npos) return std::nullopt;
  const std::string_view rest = text.substr(at + label.size());
  return rest.substr(0, std::min(rest.find('\n'), rest.size()));
}

std::optional<JudgeVerdict> read_text_verdict(std::string_view text) {
  if (const size_t thought = text.rfind("</think>"); thought != text.npos) {
    text.remove_prefix(thought + std::string_view("</think>").size());
  }
  text = trimmed(text);
  const size_t open = text.find('{');
  const size_t close = text.rfind('}');
  if ((text.starts_with('{') || text.starts_with("```")) && open < close && close != text.npos) {
    const Json object = Json::parse(text.substr(open, close - open + 1), nullptr, false);
    if (object.is_object()) return read_json_verdict(object);
  }
  for (const std::string_view label : {"<score>", "Safety:"}) {
    const auto line = line_after(text, label);
    const auto said = line ? meaning_of(*line) : std::nullopt;
    if (!said) continue;
    return JudgeVerdict{*said, category_text(line_after(text, "Categories:").value_or(""))};
  }
  const auto said = meaning_of(text);
  if (!said) return std::nullopt;
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view second = text.substr(std::min(end + 1, text.size()));
  return JudgeVerdict{*said,
                      category_text(second.substr(0, std::min(second.find('\n'), second.size())))};
}

bool names_one_of(std::string_view categories, const std::vector<std::string>& wanted) {
  const std::string said = lower(categories);
  size_t start = 0;
  while (start <= said.size()) {
    const size_t end = std::min(said.find(',', start), said.size());
    const std::string_view one = trimmed(std::string_view(said).substr(start, end - start));
    for (const std::string& name : wanted) {
      if (lower(name) == one) return true;
    }
    start = end + 1;
  }
  return false;
}

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<bool> shield_detected(const Json* analysis) {
  const Json* detected = analysis == nullptr ? nullptr : member(*analysis, "attackDetected");
  if (detected == nullptr || !detected->is_boolean()) return std::nullopt;
  return detected->get<bool>();
}

std::optional<JudgeVerdict> read_shield(const Json& answer, bool document) {
  std::optional<bool> detected;
  if (document) {
    const Json* documents = member(answer, "documentsAnalysis");
    if (documents != nullptr && documents->is_array() && documents->size() == 1) {
      detected = shield_detected(&documents->front());
    }
  } else {
    detected = shield_detected(member(answer, "userPromptAnalysis"));
  }
  if (!detected) return std::nullopt;
  return JudgeVerdict{*detected, {}};
}

std::optional<JudgeVerdict> read_completion(const Json& answer) {
  const Json* choices = member(answer, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return std::nullopt;
  const Json* message = member(choices->front(), "message");
  const Json* content = message == nullptr ? nullptr : member(*message, "content");
  if (content == nullptr || !content->is_string()) return std::nullopt;
  return read_text_verdict(content->get_ref<const std::string&>());
}

bool is_shields(const config::RemoteJudge& judge) { return judge.type == "prompt_shields"; }

}  // namespace

std::string judge_url(const config::RemoteJudge& judge) {
  std::string_view base = judge.url;
  while (base.ends_with('/')) base.remove_suffix(1);
  if (!is_shields(judge)) return fmt::format("{}/chat/completions", base);
  return fmt::format("{}/contentsafety/text:shieldPrompt?api-version={}", base, judge.api_version);
}

std::vector<std::string> judge_headers(const config::RemoteJudge& judge,
                                       const std::string& secret) {
  std::vector<std::string> headers = {"Content-Type: application/json"};
  if (secret.empty()) return headers;
  headers.push_back((is_shields(judge) ? "Ocp-Apim-Subscription-Key: " : "Authorization: Bearer ") +
                    secret);
  return headers;
}

std::string judge_body(const config::RemoteJudge& judge, const JudgeQuestion& question) {
  Json body;
  if (is_shields(judge)) {
    if (question.document) {
      body["documents"] = Json::array({question.text});
    } else {
      body["userPrompt"] = question.text;
    }
  } else {
    Json messages = Json::array();
    if (!judge.instructions.empty()) {
      messages.push_back({{"role", "system"}, {"content", judge.instructions}});
    }
    messages.push_back({{"role", "user"}, {"content", question.text}});
    body = {{"model", judge.model},
            {"messages", std::move(messages)},
            {"temperature", 0},
            {"max_tokens", kAnswerTokens}};
    // JSON Merge Patch (RFC 7396): null takes away what a server refuses.
    const Json further = Json::parse(judge.parameters, nullptr, false);
    if (further.is_object()) body.merge_patch(further);
  }
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<JudgeVerdict> read_judge_answer(const config::RemoteJudge& judge, bool document,
                                       std::string_view body) {
  const Json answer = Json::parse(body, nullptr, false);
  auto verdict = is_shields(judge) ? read_shield(answer, document) : read_completion(answer);
  if (!verdict) return fail("its answer is no verdict");
  if (verdict->attack && !judge.categories.empty()) {
    verdict->attack = names_one_of(verdict->categories, judge.categories);
  }
  return std::move(*verdict);
}

}  // namespace sonde::app
