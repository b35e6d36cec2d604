// Alerts are kept packed in SQLite: what is written and read again is a third. PostgreSQL packs by
// itself.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "collector/store/sql.h"

namespace sonde::store {

// A zstd frame (RFC 8878, 3.1.1). No UTF-8 text begins like one, so what is stored unpacked is told
// apart.
std::string pack(std::string_view json);

// The text of what is stored, packed or not.
Result<std::string> unpack(const std::string& stored);

inline bool is_packed(std::string_view stored) {
  return !stored.empty() && stored.front() == '\x28' && stored.starts_with("\x28\xB5\x2F\xFD");
}

}  // namespace sonde::store
