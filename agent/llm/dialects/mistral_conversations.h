// Mistral's conversations API: entries go in, entries of several kinds come out.
#pragma once

#include <string>
#include <vector>

#include "agent/llm/dialect.h"
#include "agent/llm/dialects/block_list.h"

namespace sonde::llm {

class MistralConversations final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  void add(PartType type, std::string_view id, const Json& data, std::string_view text,
           Writer& writer);

  BlockList blocks_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace sonde::llm
