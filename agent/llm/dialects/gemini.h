// Gemini's generateContent, as Google's AI Studio, Vertex AI and Code Assist speak it.
#pragma once

#include <string>
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
    std::string annotations;  // citations and grounding, of all its texts
    std::string finish_reason;
  };

  void read(const Json& body, bool grows, Writer& writer);
  void read_candidate(const Json& from, size_t position, bool grows, Writer& writer);
  Candidate* candidate(uint64_t index, Writer& writer);

  std::vector<Candidate> candidates_;
};

}  // namespace sonde::llm
