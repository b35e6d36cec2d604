// Hugging Face's text-generation API, as TGI and the inference endpoints speak it.
#pragma once

#include <string>

#include "agent/llm/dialect.h"

namespace sonde::llm {

class TextGeneration final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  std::string text_;
  std::string finish_reason_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace sonde::llm
