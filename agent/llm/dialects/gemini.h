// Google's generateContent and streamGenerateContent, of Gemini and of Vertex AI.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/llm/dialect.h"
#include "agent/llm/dialects/block_list.h"

namespace sonde::llm {

class Gemini final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override;

 private:
  struct Candidate {
    uint64_t index = 0;
    std::string role;
    BlockList blocks;
    std::string finish_reason;
  };

  Candidate* candidate(uint64_t index, Writer& writer);

  std::vector<Candidate> candidates_;
};

}  // namespace sonde::llm
