// Fills one exchange within the limits. What does not fit is left out, counted and remembered, so
// that the exchange is reported as incomplete and a dialect needs no bound of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

class Json;

// Zone of a role as any provider writes it: "model" and "CHATBOT" are the assistant.
Zone zone_of_role(std::string_view role);

// Where a text stands: "$.messages[3].content". Built only when a part is made.
std::string json_path(std::string_view parent, std::string_view member);
std::string json_path(std::string_view parent, size_t index);

class Writer {
 public:
  // All are borrowed and outlive the writer.
  Writer(Exchange& exchange, const Limits& limits, Counters& counters)
      : exchange_(exchange), limits_(limits), counters_(counters) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Exchange& exchange() { return exchange_; }
  const Limits& limits() const { return limits_; }
  // True once a limit kept something out.
  bool truncated() const { return truncated_; }
  // Of all texts written, while the budget counts them.
  size_t text_bytes() const { return text_bytes_; }

  // A new message. References stay valid until the next one of the same list is added.
  Message& input(std::string_view role) { return input(role, zone_of_role(role)); }
  Message& input(std::string_view role, Zone zone);
  Message& output(std::string_view role);

  // A new part of a message or of the system instructions; valid until the list grows.
  Part& part(std::vector<Part>& parts, PartType type, std::string path);
  // A part that holds text; nothing for an empty text.
  void text(std::vector<Part>& parts, PartType type, std::string_view text, std::string path);
  // Counts against the same bounds: a tool definition.
  ToolDefinition& tool();
  void verdict(std::string_view name, bool detected, bool filtered);
  void finish_reason(std::string_view reason);

  // Adds to a list of annotations (Part::annotations): an array's items, or one object.
  void annotate(std::string& list, const Json& annotations);

  // Appends as much as the budget of texts still allows.
  void append(std::string& target, std::string_view text);
  // The same for a piece of an answer that is still coming; tells whoever watches.
  void grow(PartType type, std::string& target, std::string_view text) {
    append(target, text);
    if (watcher_ && !text.empty()) watcher_(type, text);
  }
  // Called for each such piece, which is borrowed for the call.
  using Watcher = std::function<void(PartType, std::string_view)>;
  void set_watcher(Watcher watcher) { watcher_ = std::move(watcher); }
  void assign(std::string& target, std::string_view text) {
    target.clear();
    append(target, text);
  }
  // Whether one more piece of state (a choice, a tool call in the making) may be opened.
  bool admit_state();

 private:
  void refuse();

  Exchange& exchange_;
  const Limits& limits_;
  Counters& counters_;
  size_t parts_ = 0;
  size_t states_ = 0;
  size_t text_bytes_ = 0;
  bool truncated_ = false;
  Watcher watcher_;
  Message spare_message_;
  Part spare_part_;
  ToolDefinition spare_tool_;
};

}  // namespace sonde::llm
