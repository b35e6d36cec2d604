#include "agent/detect/conversation_view.h"

#include <algorithm>

#include "agent/detect/ruleset.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

std::string_view kind_name(TextKind kind) {
  switch (kind) {
    case TextKind::kInstructions:
      return "instructions";
    case TextKind::kToolDefinition:
      return "tool_definition";
    case TextKind::kMessage:
      return "message";
    case TextKind::kReasoning:
      return "reasoning";
    case TextKind::kToolCall:
      return "tool_call";
    case TextKind::kToolResult:
      return "tool_result";
  }
  return "";
}

bool is_preamble(const Text& text) {
  return text.kind == TextKind::kInstructions || text.kind == TextKind::kToolDefinition;
}

// Numbers of the texts to show, ascending.
std::vector<size_t> selection(const Hit& hit, std::span<const Text> texts) {
  const bool preamble = is_preamble(texts[hit.text]);
  const auto related = [&](size_t i) { return is_preamble(texts[i]) == preamble; };
  std::vector<size_t> chosen{hit.text};
  if (hit.cause != kNoText && hit.cause != hit.text) chosen.push_back(hit.cause);
  for (size_t i = hit.text, left = kNeighboursBefore; i-- > 0 && left > 0;) {
    if (!related(i)) break;
    chosen.push_back(i);
    --left;
  }
  for (size_t i = hit.text + 1, left = kNeighboursAfter; i < texts.size() && left > 0;
       ++i, --left) {
    if (!related(i)) break;
    chosen.push_back(i);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

std::string tool_of(const Text& text, const Redactor& redactor) {
  if (text.tool != nullptr) return redactor.mask(text.tool->name);
  if (text.part != nullptr && !text.part->name.empty()) return redactor.mask(text.part->name);
  return {};
}

}  // namespace

std::vector<ConversationText> conversation_of(const Hit& hit, const Subject& subject,
                                              const Redactor& redactor) {
  const ConversationLevel level = subject.rules.conversation;
  std::vector<ConversationText> view;
  if (level == ConversationLevel::kNone || hit.text == kNoText) return view;
  for (const size_t i : selection(hit, subject.texts)) {
    const Text& text = subject.texts[i];
    ConversationText shown{.message_index = text.message_index,
                           .zone = text.zone,
                           .kind = kind_name(text.kind),
                           .tool = tool_of(text, redactor),
                           .length = count_code_points(text.text)};
    shown.suspicious = i == hit.text;
    shown.cause = i == hit.cause;
    if (shown.suspicious || shown.cause) {
      const size_t start = shown.suspicious ? hit.start : hit.cause_start;
      const size_t end = shown.suspicious ? hit.end : hit.cause_end;
      auto segment = redactor.segment(text.text, start, end, subject.secrets[i],
                                      subject.rules.evidence_code_points);
      shown.text = std::move(segment.text);
      shown.highlight = segment.highlight;
    } else if (level == ConversationLevel::kTexts) {
      const size_t end = forward(text.text, 0, kNeighbourCodePoints);
      shown.text =
          redactor.segment(text.text, 0, end, subject.secrets[i], kNeighbourCodePoints).text;
    }
    view.push_back(std::move(shown));
  }
  return view;
}

}  // namespace sonde::detect
