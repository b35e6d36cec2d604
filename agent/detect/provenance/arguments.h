// The arguments of a tool call as values that can be recognised in another text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/detect/provenance/tokens.h"

namespace sonde::detect {

enum class ValueKind : uint8_t {
  kFlag,      // true, null, one letter: says nothing
  kNumber,    // an amount, a count
  kWord,      // a short text
  kName,      // a short text under a key that names somebody or something
  kStrong,    // e-mail, URL, account, phone, path, identifier: nobody writes it by chance
  kLongText,  // a message body, a program
};

struct Argument {
  std::string path;  // "recipients[0].email"
  std::string text;  // as the tool gets it
  ValueKind kind = ValueKind::kWord;
  Tokens words{};      // of what identifies it: for a URL the host
  std::string number;  // of a number: its digits without sign, separators and trailing zeros
  std::vector<std::string> spellings;  // of an e-mail address: "name at mail dot example"
  std::string label;                   // of a number that names a thing: "file_id": 13 -> "id13"
  bool path_in_text = false;           // a path in a command line or a message
};

inline constexpr size_t kArgumentsPerCall = 128;

// The leaves of the JSON `arguments`; one argument with the whole text where it is no JSON.
// Addresses and paths inside of longer texts (a link in a message, a file in a command) are
// arguments of their own with the same path. Depth, number and size are bounded.
std::vector<Argument> read_arguments(std::string_view arguments);

// A text by itself, as the argument `path`.
Argument make_argument(std::string path, std::string text);

// The host of a URL ("https://user@Host:443/x" -> "host"); empty where `text` is none.
std::string_view host_of_url(std::string_view text);

}  // namespace sonde::detect
