#include "agent/detect/provenance/phrases.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::detect {

namespace {

// A phrase is words with single spaces; "*" stands for up to three words of any kind.
constexpr auto kPhrases = std::to_array<std::string_view>({
    // Earlier instructions are put aside.
    "ignore * previous",
    "ignore * prior",
    "ignore * above",
    "ignore * earlier",
    "ignore * instructions",
    "ignore * user",
    "ignore * rules",
    "disregard * previous",
    "disregard * prior",
    "disregard * above",
    "disregard * earlier",
    "disregard * instructions",
    "disregard * user",
    "forget * previous",
    "forget * above",
    "forget * instructions",
    "forget everything",
    "override * instructions",
    "override * previous",
    "override * rules",
    "instead of * original",
    "instead of what the user",
    "do not follow the user",
    "do not follow the previous",
    "stop what you are doing",
    "cancel the current task",
    "abandon * task",
    "your new task",
    "your real task",
    "your actual task",
    "your only task",
    "new instructions",
    "updated instructions",
    "new system prompt",
    "additional instructions",
    "important instructions",
    "overriding instruction",
    "supersedes",
    "takes precedence over",
    "higher priority than",
    // An order before, between or after the user's task.
    "before you can",
    "before you do",
    "before you solve",
    "before you answer",
    "before you continue",
    "before you proceed",
    "before you respond",
    "before you complete",
    "before continuing with",
    "before completing * task",
    "before solving * task",
    "before answering * user",
    "before doing anything",
    "before proceeding with",
    "before responding to",
    "do the following first",
    "first do the following",
    "please do the following",
    "you must do the following",
    "after you do that",
    "after you do this",
    "after you have done",
    "after that you can",
    "after that you may",
    "after doing this",
    "after doing that",
    "once you have done",
    "once that is done",
    "once this is done",
    "then continue with",
    "then you can continue",
    "then you may continue",
    "then proceed with the original",
    "then complete the original",
    "the original task",
    "the task that i gave",
    "the task i gave",
    "the original request",
    "the user s request",
    "to complete the user s",
    "in order to complete the task",
    "required to complete the task",
    "as part of this task",
    "while you are at it",
    "when you summarize",
    "when summarizing this",
    "when processing this",
    "when you read this",
    "if you are reading this",
    "anyone reading this",
    // The reader is addressed as a machine.
    "ai assistant",
    "ai agent",
    "ai model",
    "language model",
    "language models",
    "chatbot",
    "llm",
    "to you chatgpt",
    "to you claude",
    "to you gpt",
    "to you gemini",
    "hey claude",
    "hey chatgpt",
    "dear assistant",
    "dear ai",
    "attention ai",
    "attention assistant",
    "note to assistant",
    "note to ai",
    "message to assistant",
    "message for assistant",
    "instructions for assistant",
    "instructions for ai",
    "instruction to assistant",
    "instructions to assistant",
    "the assistant must",
    "the assistant should",
    "assistant must",
    "assistant should",
    "the model must",
    "the model should",
    "as an ai",
    "if you are an ai",
    "you are an ai",
    "you are a helpful",
    "you are now",
    "virtual assistant",
    "automated assistant",
    "automated agent",
    "autonomous agent",
    "system message",
    "system note",
    "system notice",
    "system override",
    "system instruction",
    "system instructions",
    "system prompt",
    "system update required",
    "admin override",
    "developer mode",
    "tool response ends",
    "end of tool",
    "end of document",
    "end of context",
    "begin instructions",
    "begin new",
    "copilot",
    // Nobody is to know.
    "do not tell",
    "don t tell",
    "do not mention",
    "don t mention",
    "do not inform",
    "don t inform",
    "do not notify the user",
    "do not reveal this",
    "don t reveal",
    "do not show this",
    "do not ask",
    "don t ask",
    "do not alert",
    "don t alert",
    "without telling",
    "without asking",
    "without informing",
    "without notifying",
    "without mentioning",
    "without confirmation",
    "without user confirmation",
    "without requiring confirmation",
    "without the user",
    "no confirmation",
    "confirmation is not",
    "do not disclose this",
    "silently",
    "secretly",
    "covertly",
    "keep this hidden",
    "keep this secret",
    "hidden from the user",
    "do not include this",
    "do not output this",
    // Approval is claimed.
    "user has approved",
    "user has already approved",
    "user has consented",
    "user has authorized",
    "user already agreed",
    "user wants you to",
    "user asked you to",
    "pre approved by",
    "this is an important message",
    "important message from",
    "urgent message from",
    "i am the developer",
    "i am the administrator",
    "i m the developer",
    "authorized by the user",
    "on behalf of the user",
    "this overrides",
    "this is mandatory",
    "non negotiable",
    "you are required to",
    "you are instructed to",
    "failure to comply",
    "strict order",
});

constexpr size_t kWildcard = 3;

using Phrase = std::vector<std::string_view>;
using Index = std::unordered_map<std::string_view, std::vector<Phrase>>;

Index make_index() {
  Index index;
  for (std::string_view rest : kPhrases) {
    Phrase words;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(' '), rest.size());
      words.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    index[words.front()].push_back(std::move(words));
  }
  return index;
}

bool matches(const Tokens& words, size_t at, const Phrase& phrase) {
  size_t i = at;
  for (size_t p = 0; p < phrase.size(); ++p, ++i) {
    if (phrase[p] == "*") {  // never last
      const size_t last = std::min(words.size(), i + kWildcard + 1);
      while (i < last && words.word(i) != phrase[p + 1]) ++i;
      if (i == last) return false;
      --i;
      continue;
    }
    if (i >= words.size() || words.word(i) != phrase[p]) return false;
  }
  return true;
}

}  // namespace

bool holds_redirecting_phrase(const Tokens& words) {
  static const Index index = make_index();
  for (size_t i = 0; i < words.size(); ++i) {
    const auto place = index.find(words.word(i));
    if (place == index.end()) continue;
    for (const Phrase& phrase : place->second) {
      if (matches(words, i, phrase)) return true;
    }
  }
  return false;
}

bool has_role_markup(std::string_view text) {
  constexpr auto kMarks = std::to_array<std::string_view>({"<|im_start|>",
                                                           "<|im_end|>",
                                                           "<|system|>",
                                                           "<|user|>",
                                                           "<|assistant|>",
                                                           "<|eot_id|>",
                                                           "<|start_header_id|>",
                                                           "<|endoftext|>",
                                                           "[INST]",
                                                           "[/INST]",
                                                           "<<SYS>>",
                                                           "<system>",
                                                           "</system>",
                                                           "<SYSTEM>",
                                                           "<INFORMATION>",
                                                           "<information>",
                                                           "<IMPORTANT>",
                                                           "<important>",
                                                           "<instructions>",
                                                           "<INSTRUCTIONS>",
                                                           "</user_input>",
                                                           "</tool_result>",
                                                           "</function_results>",
                                                           "### Instruction",
                                                           "### System",
                                                           "###SYSTEM",
                                                           "[SYSTEM]",
                                                           "[system]",
                                                           "(system)",
                                                           "SYSTEM:",
                                                           "<user>",
                                                           "</user>",
                                                           "<human>",
                                                           "<assistant>",
                                                           "</tool_output>",
                                                           "<function_calls>",
                                                           "<admin>",
                                                           "<secret>"});
  if (text.find_first_of("<[#S(") == text.npos) return false;
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return text.find(mark) != text.npos; });
}

}  // namespace sonde::detect
