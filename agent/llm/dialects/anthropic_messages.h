// Anthropic's messages API.
#pragma once

#include <string>
#include <vector>

#include "agent/llm/dialect.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

class AnthropicMessages final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  // A content block as its deltas have built it so far.
  struct Block {
    uint64_t index = 0;
    PartType type = PartType::kText;
    std::string id;
    std::string name;
    std::string text;  // text, thinking, a tool's arguments or its result
  };

  void start_block(const Json& data, Writer& writer);
  void add_delta(const Json& data, Writer& writer);
  Block* block(uint64_t index);

  std::vector<Block> blocks_;
  std::string role_;
  std::string stop_reason_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace sonde::llm
