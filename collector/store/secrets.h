// Passwords and tokens: made, hashed, compared.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sonde::store {

// `bytes` of the system's randomness, base64url without padding.
std::string random_secret(size_t bytes = 32);

// Lower-case hexadecimal SHA-256. Enough for secrets of 256 random bits, which cannot be guessed.
std::string sha256_hex(std::string_view text);

// Takes the same time for any two texts of equal length.
bool equal_constant_time(std::string_view left, std::string_view right);

// Argon2id (RFC 9106) in the standard encoding, 19 MiB, two passes: the parameters travel with the
// hash, so they can grow.
Result<std::string> hash_password(std::string_view password);
bool verify_password(std::string_view encoded, std::string_view password);

// A hash of a random password: verifying against it makes an unknown user as slow as a known one.
const std::string& decoy_password_hash();

}  // namespace sonde::store
