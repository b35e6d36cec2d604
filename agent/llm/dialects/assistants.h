// OpenAI's assistants API: assistants, threads, their messages, runs and tool outputs. A thread is
// a conversation; runs answer with events or are polled.
#pragma once

#include <string>
#include <vector>

#include "agent/llm/dialect.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

class Assistants final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  // A message of a streamed run: whole once it is completed, else what its deltas gave.
  struct Streamed {
    std::string id;
    std::string text;
  };
  Streamed* streamed(std::string_view id, Writer& writer);
  void read_object(const Json& object, const std::string& path, Writer& writer);
  void read_message(const Json& from, const std::string& path, Writer& writer);

  std::vector<Streamed> streamed_;
  bool ended_ = false;
};

}  // namespace sonde::llm
