// Short keys of long texts, for indexes that stay small.
#pragma once

#include <cstdint>
#include <string_view>

namespace sonde::store {

// The first eight bytes of the text's SHA-256 as a big-endian number. Nobody can make a text with
// the key of another one that is given (2^64 tries); SQL has the same function, sonde_key().
int64_t key_of(std::string_view text);

// Of something that alerts share: {"host", "web-1"}. SQL: sonde_key(type || chr(31) || value).
int64_t entity_key(std::string_view type, std::string_view value);

}  // namespace sonde::store
