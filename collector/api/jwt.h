// JSON Web Tokens (RFC 7519) signed with RS256 or ES256 by a key of a JWK set (RFC 7517). Nothing
// else is accepted: not "none", and no algorithm with a shared key.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "agent/base/result.h"

namespace sonde::api {

// Error::code of verify_jwt() where the set has no such key: a newer set may have it.
inline constexpr int kUnknownKey = 1;

// The claims, once the signature is right. What the claims say is for the caller to check.
Result<nlohmann::json> verify_jwt(std::string_view token, const nlohmann::json& key_set);

}  // namespace sonde::api
