// Start lines of HTTP/1.x messages (RFC 9112, 3 and 4): parsing, recognising, and searching for
// the next one in a stream whose framing was lost.
#pragma once

#include <cstddef>
#include <string_view>

#include "agent/http/message.h"

namespace sonde::http {

enum class StartKind : uint8_t { kRequest, kResponse };

// Parses one start line (without its line end) into `head`. False: not a start line of this kind.
bool parse_start_line(StartKind kind, std::string_view line, Head& head);

// Whether a text that may be cut anywhere begins like a message of this kind.
enum class Likeness : uint8_t { kNo, kMaybe, kYes };
Likeness starts_like(StartKind kind, std::string_view text);

// A place where a message may begin. Both parties of a search are strict: only known methods, a
// target in origin or absolute form, CRLF, because the bytes searched are somebody's body.
struct StartSearch {
  Likeness likeness = Likeness::kNo;  // kYes: whole start line; kMaybe: cut by the end of the text
  size_t offset = 0;                  // of the candidate; kNo: the text's size
};
StartSearch find_start(StartKind kind, std::string_view text);

}  // namespace sonde::http
