// Gemini's interactions API: steps go in, steps come out.
// https://ai.google.dev/api/interactions-api An earlier form of it, with `outputs` and "content.*"
// events, is read as well.
#pragma once

#include <string>
#include <string_view>

#include "agent/llm/dialect.h"
#include "agent/llm/dialects/block_list.h"

namespace sonde::llm {

class GeminiInteractions final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  void start(uint64_t index, const Json& step, Writer& writer);
  void add(uint64_t index, const Json& delta, Writer& writer);

  BlockList blocks_;
  bool ended_ = false;
};

}  // namespace sonde::llm
