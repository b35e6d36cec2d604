// APIs around images, sound, files and moderation, for the texts they carry: prompts, transcripts,
// what was uploaded, what a filter said.
#pragma once

#include <string>

#include "agent/llm/dialect.h"

namespace sonde::llm {

class Media final : public Dialect {
 public:
  void read_request(const Json& body, Writer& writer) override;
  void read_answer(const Json& body, Writer& writer) override;
  void read_event(std::string_view name, const Json& data, Writer& writer) override;
  // A transcript in a text format (plain, SubRip, WebVTT).
  bool read_text(std::string_view name, std::string_view text, Writer& writer) override;
  void finish(Writer& writer) override;
  bool ended() const override { return ended_; }

 private:
  std::string transcript_;  // as its deltas have built it
  bool ended_ = false;
};

}  // namespace sonde::llm
