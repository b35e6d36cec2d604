// The table of secret formats. Data only: how a rule is applied is secret_finder.cc's business.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sonde::detect {

enum class SecretCheck : uint8_t {
  kNone,
  kGithubCrc,    // last six characters: base62 CRC-32 of what stands between prefix and them
  kJwt,          // header and payload decode to JSON objects
  kAwsKeyId,     // base32 of an account number
  kGeneric,      // an assignment of unknown origin: must look random
  kPassword,     // short values allowed, but none that reads like a word or a placeholder
  kUrlPassword,  // the password of a connection string: any that is no placeholder
  kPrivateKey,
  kBase64,     // decodes to a text, or is long enough to be bytes of a key
  kBasicAuth,  // base64 of user:password
  kSpoken,     // a password with nothing but a word before it: must look like nothing else
  kUuidKey,    // a UUID, which only some names make a secret
  kDeclared,   // by its element a password in clear: any that is no variable
  kMacaroon,   // of PyPI: base64 of a version 2 macaroon
};

enum class SecretForm : uint8_t {
  kToken,     // `pattern` is matched from the keyword, or from [before_min, before_max] bytes ahead
  kAssigned,  // `pattern` is the value of an assignment to a name that holds the keyword
};

struct SecretRule {
  std::string_view type;      // openai_api_key; part of evidence and data
  std::string_view provider;  // openai
  SecretForm form = SecretForm::kToken;
  std::string_view keywords;  // separated by spaces; any of them starts the rule
  std::string_view pattern;   // PCRE2; group 1 is the secret where there is one
  double entropy = 0;         // least Shannon entropy of the secret, bits per character
  SecretCheck check = SecretCheck::kNone;
  uint8_t before_min = 0;
  uint8_t before_max = 0;
};

// Specific rules stand before generic ones; where two overlap, the earlier wins.
std::span<const SecretRule> secret_rules();

}  // namespace sonde::detect
