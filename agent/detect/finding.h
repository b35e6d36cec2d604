// What a detector says of one exchange: name, place, score and proof.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/llm/exchange.h"

namespace sonde::detect {

enum class Severity : uint8_t { kInformational, kLow, kMedium, kHigh, kCritical };
std::string_view to_string(Severity severity);  // "informational", "low", ...

// A span of a text in Unicode code points, end exclusive.
struct TextSpan {
  size_t start = 0;
  size_t end = 0;
};

// One text of the conversation in which a finding stands (conversation_view.h).
struct ConversationText {
  int message_index = 0;  // as Finding::message_index
  llm::Zone zone = llm::Zone::kUser;
  std::string_view kind;  // static: "message", "tool_call", "tool_result", ...
  std::string tool;       // name of the tool that is called, answers or is defined
  size_t length = 0;      // of the text as it was, code points
  std::string text;       // masked and cut; empty where the evidence level keeps it back
  // Where in `text` the finding, or what led to it, stands; both 0: nowhere.
  TextSpan highlight;
  bool suspicious = false;  // the finding itself
  bool cause = false;       // the text that led to it: the order that a call carries out
};

// A finding that leaves the host becomes an alert. `evidence` is redacted already: secrets and
// personal data in it are masked with their type and a keyed fingerprint.
struct Finding {
  std::string alert;     // name in the catalogue: "credential.response"
  std::string detector;  // the unit that found it: "credential"
  Severity severity = Severity::kMedium;
  double score = 1.0;  // 0..1
  std::string subtype;
  llm::Zone zone = llm::Zone::kUser;
  // Index into the input messages, counted on through the output messages; -1: system instructions
  // or tool definitions.
  int message_index = 0;
  // Span in the text, in Unicode code points, end exclusive.
  size_t start = 0;
  size_t end = 0;
  std::string evidence;
  TextSpan highlight;  // the finding's span in `evidence`
  // The finding among its neighbours, in reading order; empty where none was asked for.
  std::vector<ConversationText> conversation;
  // The process it is about, where that is not the one that speaks to the model.
  std::optional<llm::Process> process;
  std::string json_path;
  std::vector<std::string> atlas;  // "AML.T0051.001"
  std::vector<std::string> owasp;  // "LLM01"
  // Detector's own facts, string values: fingerprint, provider, indicator, decoded text, ...
  std::map<std::string, std::string> data;
};

// The scores that `sonde scan` always prints: the maximum over the texts of each kind.
struct Scores {
  double prompt_attack = 0;
  double document_attack = 0;
};

}  // namespace sonde::detect
