// Cohere's chat API, both versions: v1 (message, chat_history) and v2 (messages).
#pragma once

#include <string>

#include "agent/llm/dialect.h"
#include "agent/llm/dialects/block_list.h"

namespace sonde::llm {

class CohereChat final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  void add_v1_event(std::string_view type, const Json& data, Writer& writer);
  void add_v2_event(std::string_view type, const Json& data, Writer& writer);

  BlockList blocks_;
  std::string finish_reason_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace sonde::llm
