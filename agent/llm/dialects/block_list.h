// The pieces of one streamed message, each grown by its deltas: texts, reasoning, tool calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/llm/exchange.h"
#include "agent/llm/writer.h"

namespace sonde::llm {

struct Block {
  uint64_t index = 0;  // the provider's number for it
  PartType type = PartType::kText;
  std::string id;
  std::string name;
  std::string text;  // content, a tool's arguments or its result
  std::string json_path;
  std::string annotations;  // as Part::annotations
  std::vector<Part> whole;  // a block that came in one piece: stands in place of the above
};

// Bounded by the writer's state limit. Pointers stay valid until the next block is opened.
class BlockList {
 public:
  // A new block at the end; null if the limit is reached.
  Block* open(uint64_t index, PartType type, std::string json_path, Writer& writer);
  // The newest block with this number, or null.
  Block* find(uint64_t index);
  // The newest block with this number and type, opened if there is none.
  Block* find_or_open(uint64_t index, PartType type, std::string json_path, Writer& writer);
  Block* last() { return blocks_.empty() ? nullptr : &blocks_.back(); }
  size_t size() const { return blocks_.size(); }
  bool empty() const { return blocks_.empty(); }

  // Moves the blocks into the message, in order; empty texts are left out, tool calls are not.
  void write(Message& message, Writer& writer);

 private:
  std::vector<Block> blocks_;
};

}  // namespace sonde::llm
