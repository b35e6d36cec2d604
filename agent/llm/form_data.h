// Uploads (multipart/form-data, RFC 7578) as the JSON that the same request would be without files,
// so that dialects read one shape.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/base/limits.h"

namespace sonde::llm {

// The boundary that a Content-Type names; empty if it is not a multipart form's.
std::string_view form_boundary(std::string_view content_type);

// {"model": "whisper-1", "file": {"filename", "media_type", "size_bytes", "sha256", "text"}}:
// fields as strings, files as objects, whose text stands there only if they are text. A form whose
// end is missing gives the parts that were whole. nullopt: not a form, or too many parts.
std::optional<std::string> form_as_json(std::string_view body, std::string_view boundary,
                                        const Limits& limits);

}  // namespace sonde::llm
