// Which coding a body carries whose Content-Encoding could not be heard: an HTTP/2 connection
// joined late, where the field stands in a table that is not known.
#pragma once

#include <string_view>

#include "agent/base/bytes.h"

namespace sonde::http {

struct CodingGuess {
  std::string_view coding;  // empty: none
  bool certain = false;     // false: binary, and of no coding that can be recognised
};

// From the first bytes of the body; one byte may be too few to be certain.
CodingGuess guess_coding(Bytes first);

}  // namespace sonde::http
