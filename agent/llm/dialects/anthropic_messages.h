// Anthropic's messages API.
#pragma once

#include <string>

#include "agent/llm/dialect.h"
#include "agent/llm/dialects/block_list.h"

namespace sonde::llm {

class AnthropicMessages final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  static void read_request_body(const Json& body, Writer& writer);
  void start_block(const Json& data, Writer& writer);
  void add_delta(const Json& data, Writer& writer);

  BlockList blocks_;
  std::string role_;
  std::string stop_reason_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace sonde::llm
