// Which protocol a connection speaks and who is its client, told from the bytes of one direction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sonde::http {

enum class Guess : uint8_t {
  kUndecided,  // more bytes are needed
  kHttp1Request,
  kHttp1Response,
  kHttp2Request,
  kHttp2Response,
  kUnknown,  // none of these
};

// A direction that is heard from its first byte.
Guess guess_start(std::string_view text);

// A direction joined in the middle of anything: what stands where the next message begins. Never
// kUnknown. `offset`: where that message, or what may become one, begins.
struct FoundProtocol {
  Guess guess = Guess::kUndecided;
  size_t offset = 0;
};
FoundProtocol search_protocol(std::string_view text);

}  // namespace sonde::http
