// UTF-8 helpers for texts that strangers wrote.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::store {

// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

// At most `code_points` of well-formed `text`.
std::string_view clip(std::string_view text, size_t code_points);

// U+0000 becomes U+FFFD: PostgreSQL's text cannot hold it.
std::string without_nul(std::string_view text);

// The words of `text` with one space between them: what is ASCII and neither letter nor digit
// separates. So that both databases' tokenizers agree on "credential.response".
std::string words_of(std::string_view text);

// Milliseconds since 1970 as RFC 3339 in UTC: "2026-11-23T07:00:00.123Z".
std::string rfc3339(int64_t time_ms);

}  // namespace sonde::store
