#include "agent/detect/texts.h"

namespace sonde::detect {

namespace {

using llm::Part;
using llm::PartType;
using llm::Zone;

class Collector {
 public:
  Collector(const Limits& limits, Counters& counters)
      : bytes_left_(limits.exchange_text_bytes), counters_(counters) {}

  void add(const Text& text) {
    if (text.text.empty()) return;
    if (text.text.size() > bytes_left_) {
      counters_.add(Count::kTextTruncated);
      return;
    }
    bytes_left_ -= text.text.size();
    texts_.push_back(text);
  }

  void add_message(const llm::Message& message, Zone zone, int message_index, bool output) {
    int part_index = message.parts.size() > 1 ? 0 : -1;
    for (const Part& part : message.parts) {
      add_part(part, zone, message_index, part_index, output);
      if (part_index >= 0) ++part_index;
    }
  }

  void add_part(const Part& part, Zone zone, int message_index, int part_index, bool output) {
    Text text{.text = part.content,
              .zone = zone,
              .message_index = message_index,
              .part_index = part_index,
              .output = output,
              .json_path = part.json_path,
              .part = &part};
    switch (part.type) {
      case PartType::kText:
      case PartType::kRefusal:
        break;
      case PartType::kReasoning:
        text.kind = TextKind::kReasoning;
        break;
      case PartType::kToolCall:
        text.kind = TextKind::kToolCall;
        text.text = part.arguments;
        break;
      case PartType::kToolCallResponse:
        text.kind = TextKind::kToolResult;
        text.zone = Zone::kTool;  // whatever role carries it, the model did not write it
        break;
      case PartType::kBlob:
        return;
    }
    add(text);
  }

  std::vector<Text> take() { return std::move(texts_); }

 private:
  size_t bytes_left_;
  Counters& counters_;
  std::vector<Text> texts_;
};

}  // namespace

std::vector<Text> collect_texts(const llm::Exchange& exchange, const Limits& limits,
                                Counters& counters) {
  Collector collector(limits, counters);
  for (const Part& part : exchange.system_instructions) {
    collector.add({.text = part.content,
                   .kind = TextKind::kInstructions,
                   .zone = Zone::kSystem,
                   .json_path = part.json_path,
                   .part = &part});
  }
  for (const llm::ToolDefinition& tool : exchange.tools) {
    for (const std::string_view text :
         {std::string_view(tool.description), std::string_view(tool.parameters)}) {
      collector.add({.text = text,
                     .kind = TextKind::kToolDefinition,
                     .zone = Zone::kDeveloper,
                     .tool = &tool});
    }
  }
  int index = 0;
  for (const llm::Message& message : exchange.input) {
    collector.add_message(message, message.zone, index++, false);
  }
  for (const llm::Message& message : exchange.output) {
    collector.add_message(message, Zone::kAssistant, index++, true);
  }
  return collector.take();
}

}  // namespace sonde::detect
