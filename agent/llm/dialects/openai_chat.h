// OpenAI chat completions, as spoken by OpenAI, Azure and everybody who imitates them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "agent/llm/dialect.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

class OpenAiChat final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override;

 private:
  struct ToolCall {
    uint64_t index = 0;
    std::string id;
    std::string name;
    std::string arguments;
  };
  // One answer of several (n > 1), as its deltas have built it so far.
  struct Choice {
    uint64_t index = 0;
    std::string role;
    std::string text;
    std::string reasoning;
    std::string refusal;
    std::string audio_transcript;
    std::string annotations;
    std::vector<Part> whole;  // what came in one piece: images, tools the provider ran
    std::vector<ToolCall> tool_calls;
    ToolCall function_call;
    std::string finish_reason;
  };

  Choice* choice(uint64_t index, Writer& writer);
  void add_delta(Choice& choice, const Json& delta, Writer& writer);
  static void add_tool_call(Choice& choice, const Json& delta, size_t position, Writer& writer);
  static void write(const Choice& choice, Writer& writer);

  std::vector<Choice> choices_;
};

}  // namespace sonde::llm
