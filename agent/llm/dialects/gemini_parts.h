// Pieces that Gemini's APIs have in common: contents, parts, tools, usage.
#pragma once

#include <string>
#include <string_view>

#include "agent/llm/dialects/block_list.h"
#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {

// Names come in camel case, and in snake case from older clients.
Json gemini_member(const Json& from, const char* camel, const char* snake);

// "HARM_CATEGORY_HATE" -> "harm_category_hate"
std::string lower_case(std::string_view text);

// A message of `contents`: function responses, which users send, become the tool's words.
void read_gemini_content(const Json& content, const std::string& path, Writer& writer);

// `systemInstruction`, a string or a content.
void read_gemini_system(const Json& body, Writer& writer);

// Declared functions and built-in tools.
void read_gemini_tools(const Json& body, Writer& writer);

void read_gemini_usage(const Json& usage, Exchange& exchange);

// Adds a part of an answer. With `grows` a text goes on where the last one stopped, as streams do.
void add_gemini_part(const Json& part, std::string_view parts_path, BlockList& blocks, bool grows,
                     Writer& writer);

}  // namespace sonde::llm
