// Any JSON API that looks like a language model's: texts are found by the names of their members.
//
// Serves the many text-generation APIs (Titan, Llama, AI21, TGI, watsonx, Replicate, llama.cpp,
// ...) and everything unknown, so that no text is lost for want of a dialect.
#pragma once

#include <string>
#include <vector>

#include "agent/llm/dialect.h"
#include "agent/llm/dialects/block_list.h"

namespace sonde::llm {

class GenericText final : public Dialect {
 public:
  // Whether a request looks like one to a model: a text member and what models are asked with.
  static bool fits_request(const Json& body);
  // Whether there is a text to report at all, for hosts that are known to serve models.
  static bool has_text(const Json& body);

  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  bool read_text(std::string_view name, std::string_view text, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return !finish_reason_.empty(); }

 private:
  void add_text(std::string path, std::string_view text, Writer& writer);

  BlockList blocks_;
  std::string finish_reason_;
  bool cumulative_ = false;  // each event repeats what the ones before it said
};

}  // namespace sonde::llm
