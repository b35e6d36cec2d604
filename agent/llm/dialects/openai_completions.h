// OpenAI's older completions API: a prompt goes in, continuations come out.
#pragma once

#include <string>
#include <vector>

#include "agent/llm/dialect.h"

namespace sonde::llm {

class OpenAiCompletions final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override;

 private:
  struct Choice {
    uint64_t index = 0;
    std::string text;
    std::string finish_reason;
  };
  std::vector<Choice> choices_;
};

}  // namespace sonde::llm
