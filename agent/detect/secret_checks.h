// Is a string that looks like a secret one? Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/detect/rules/secret_rules.h"

namespace sonde::detect {

enum class Verdict : uint8_t {
  kNo,  // a placeholder, an example, a word
  kPlausible,
  kVerified,  // a checksum or an inner structure fits
};

// Shannon entropy, bits per character.
double entropy(std::string_view value);

// Words that people write where a secret will stand ("your", "example", "xxxx"), runs of one
// character or of the alphabet, templates, and the documented examples of providers. `marked`: the
// value has a provider's own form, not only a name in front of it.
bool is_placeholder(std::string_view value, bool marked);

// Words joined by punctuation or by their capitals, as in names of variables and paths: most
// characters stand in runs of letters that are long for random text, and go together as in words.
bool reads_as_name(std::string_view value);

// The part behind the last mark of a token is made of words: "...-SlackAppAccessTokenHere".
bool ends_in_words(std::string_view value);

Verdict check_secret(SecretCheck check, std::string_view value);

}  // namespace sonde::detect
