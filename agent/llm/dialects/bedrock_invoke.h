// Amazon Bedrock's invoke API: an envelope around whatever the model's maker speaks.
#pragma once

#include "agent/llm/dialect.h"
#include "agent/llm/json.h"

namespace sonde::llm {

class BedrockInvoke final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  // {"bytes": "..."}: an event of the model's own stream in Base64.
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return inner_ != nullptr && inner_->ended(); }

 private:
  DialectPtr inner_;
  // Small and reused: events are short.
  std::unique_ptr<JsonParser> events_;
};

}  // namespace sonde::llm
