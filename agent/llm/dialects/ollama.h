// Ollama's own API: /api/chat and /api/generate, streamed as JSON lines unless told otherwise.
#pragma once

#include <string>

#include "agent/llm/dialect.h"
#include "agent/llm/dialects/block_list.h"

namespace sonde::llm {

class Ollama final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  BlockList blocks_;
  uint64_t tool_calls_ = 0;
  std::string done_reason_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace sonde::llm
