// OpenAI's responses API, over HTTP and WebSocket alike.
#pragma once

#include <string>
#include <vector>

#include "agent/llm/dialect.h"
#include "agent/llm/dialects/block_list.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

class OpenAiResponses final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  // One output item: its finished parts, or the blocks its deltas have built so far.
  struct Item {
    uint64_t index = 0;
    std::vector<Part> parts;
    BlockList blocks;
  };

  Item* item(uint64_t index, Writer& writer);
  void add_annotation(const Json& data, Writer& writer);
  void add_delta(std::string_view type, const Json& data, Writer& writer);

  std::vector<Item> items_;
  std::string finish_reason_;
  bool ended_ = false;
  bool answered_ = false;  // the closing event held the whole answer
};

}  // namespace sonde::llm
