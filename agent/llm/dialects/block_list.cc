#include "agent/llm/dialects/block_list.h"

#include <iterator>
#include <utility>

namespace sonde::llm {

Block* BlockList::open(uint64_t index, PartType type, std::string json_path, Writer& writer) {
  if (!writer.admit_state()) return nullptr;
  Block& block = blocks_.emplace_back();
  block.index = index;
  block.type = type;
  block.json_path = std::move(json_path);
  return &block;
}

Block* BlockList::find(uint64_t index) {
  // Deltas nearly always belong to the newest block.
  for (auto known = blocks_.rbegin(); known != blocks_.rend(); ++known) {
    if (known->index == index) return &*known;
  }
  return nullptr;
}

Block* BlockList::find_or_open(uint64_t index, PartType type, std::string json_path,
                               Writer& writer) {
  for (auto known = blocks_.rbegin(); known != blocks_.rend(); ++known) {
    if (known->index == index && known->type == type) return &*known;
  }
  return open(index, type, std::move(json_path), writer);
}

void BlockList::write(Message& message, Writer& writer) {
  for (Block& block : blocks_) {
    if (!block.whole.empty()) {
      message.parts.insert(message.parts.end(), std::make_move_iterator(block.whole.begin()),
                           std::make_move_iterator(block.whole.end()));
      continue;
    }
    const bool call = block.type == PartType::kToolCall;
    if (!call && block.text.empty()) continue;
    Part& part = writer.part(message.parts, block.type, std::move(block.json_path));
    part.id = std::move(block.id);
    part.name = std::move(block.name);
    part.annotations = std::move(block.annotations);
    if (call) {
      part.arguments = block.text.empty() ? "{}" : std::move(block.text);
    } else {
      part.content = std::move(block.text);
    }
  }
  blocks_.clear();
}

}  // namespace sonde::llm
