// What the name of an assignment says about its value. Pure functions.
#pragma once

#include <cstddef>
#include <string_view>

#include "agent/detect/literal_set.h"
#include "agent/detect/rules/secret_rules.h"

namespace sonde::detect {

// Inside of another word a provider's name means nothing ("rookTable" is not of Okta), unless a
// hump or a sign begins it.
bool inside_word(std::string_view text, size_t start);

// Names of what is public or only points at a secret: "public_token", "credentialsId", "key_size".
// `value`: where the value begins.
bool names_no_secret(std::string_view text, const LiteralHit& hit, size_t value, SecretCheck check);

// The keyword is a whole quoted key, as in the records that tools return, and no part of a
// setting's name ("db_password").
bool is_record_field(std::string_view text, const LiteralHit& hit);

}  // namespace sonde::detect
