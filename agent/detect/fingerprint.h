// A keyed fingerprint stands for a secret: equal secrets correlate over alerts and hosts that share
// the key, and nothing of the secret can be got back from it.
#pragma once

#include <string>
#include <string_view>

namespace sonde::detect {

// The first 12 hex digits of HMAC-SHA-256 (RFC 2104) of `value`.
std::string fingerprint(std::string_view key, std::string_view value);

}  // namespace sonde::detect
