// Amazon Bedrock's converse API and Amazon's own Nova models, which speak it in invoke as well.
#pragma once

#include <string>

#include "agent/llm/dialect.h"
#include "agent/llm/dialects/block_list.h"

namespace sonde::llm {

class BedrockConverse final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return !stop_reason_.empty(); }

 private:
  void start_block(const Json& data, Writer& writer);
  void add_delta(const Json& data, Writer& writer);

  BlockList blocks_;
  std::string role_;
  std::string stop_reason_;
  bool begun_ = false;
};

// What a guardrail found, anywhere in its trace: every {"type" or "name", "action"}.
void read_guardrail(const Json& trace, Writer& writer);

}  // namespace sonde::llm
