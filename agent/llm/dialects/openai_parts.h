// Pieces that OpenAI's APIs and their many imitations have in common.
#pragma once

#include <string>
#include <vector>

#include "agent/llm/exchange.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {

// A message's content: a string, or a list of typed parts (text, image, audio, file, refusal,
// thinking). `type` is what plain text becomes.
void read_openai_content(const Json& content, const std::string& path, PartType type,
                         std::vector<Part>& parts, Writer& writer);

// The text of a delta's content, which some providers send as typed parts as well; reasoning
// parts among them go to `reasoning`.
void append_openai_delta(const Json& content, std::string& text, std::string& reasoning,
                         Writer& writer);

// `tools` (functions, custom tools, built-in ones) and the older `functions`.
void read_openai_tools(const Json& body, Writer& writer);

// {"error": {"type", "code", ...}}, {"error": "text"} or {"object": "error", ...}, with the
// verdicts that Azure puts inside.
void read_openai_error(const Json& body, Writer& writer);

// Azure's categories: {"jailbreak": {"detected": true, "filtered": true}, "hate": {...}}.
void read_content_filter(const Json& categories, Writer& writer);
// "prompt_filter_results": [{"prompt_index", "content_filter_results": {...}}]
void read_prompt_filter(const Json& body, Writer& writer);

// {"prompt_tokens" or "input_tokens", "completion_tokens" or "output_tokens"}
void read_openai_usage(const Json& usage, Exchange& exchange);

// `user`, `safety_identifier`, `metadata`, Azure's `user_security_context`.
void read_openai_user(const Json& body, Writer& writer);

}  // namespace sonde::llm
