// The three answers of every parser: waiting is not an error, invalid means count, drop, resync.
#pragma once

#include <cstdint>

namespace sonde::http {

enum class Progress : uint8_t {
  kNeedMore,  // all input was taken, the unit is not whole yet
  kMessage,   // one unit is whole; input may be left
  kInvalid,   // what was read cannot be such a unit
};

}  // namespace sonde::http
