// How an answer's body is framed: told by its content type, else by its first bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "agent/llm/stream_decoder.h"

namespace sonde::llm {

// nullopt: the content type names no stream.
std::optional<StreamFormat> stream_format(std::string_view content_type);
// Sound, images and the like.
bool is_binary(std::string_view content_type);

// The fields of an event (WHATWG HTML, 9.2.6) or a comment stand at the beginning of a line.
bool begins_like_events(std::string_view bytes);
// As long as the longest of them: then the answer is final.
inline constexpr size_t kFramingBytes = 6;

// Behind these a provider says nothing; SDKs close the connection without reading on.
bool is_last_event(std::string_view name);

}  // namespace sonde::llm
