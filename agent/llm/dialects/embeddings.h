// Requests for embeddings: texts go in, only numbers come out. All providers' shapes.
#pragma once

#include "agent/llm/dialect.h"

namespace sonde::llm {

class Embeddings final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return true; }
};

}  // namespace sonde::llm
