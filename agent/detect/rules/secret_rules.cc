#include "agent/detect/rules/secret_rules.h"

#include <array>

namespace sonde::detect {

namespace {

// TOKEN(type, provider, keywords, pattern, entropy): a format known by its own characters.
// INSIDE(..., before_min, before_max): the same, with the keyword inside the token.
// ASSIGNED(type, provider, keywords, pattern, entropy): known by the name it is assigned to.
#define TOKEN(type, provider, keywords, pattern, entropy) \
  SecretRule{type, provider, SecretForm::kToken, keywords, pattern, entropy},
#define CHECKED(type, provider, keywords, pattern, entropy, check) \
  SecretRule{type, provider, SecretForm::kToken, keywords, pattern, entropy, SecretCheck::check},
#define INSIDE(type, provider, keywords, pattern, entropy, before_min, before_max) \
  SecretRule{type,    provider,           SecretForm::kToken, keywords,  pattern,  \
             entropy, SecretCheck::kNone, before_min,         before_max},
#define ASSIGNED(type, provider, keywords, pattern, entropy) \
  SecretRule{type, provider, SecretForm::kAssigned, keywords, pattern, entropy},
#define GENERIC(type, keywords, pattern, entropy, check) \
  SecretRule{type, "", SecretForm::kAssigned, keywords, pattern, entropy, SecretCheck::check},

// The order of the files is the order of the rules.
// clang-format off
constexpr auto kRules = std::to_array<SecretRule>({
#include "agent/detect/rules/secrets_ai.inc"
#include "agent/detect/rules/secrets_cloud.inc"
#include "agent/detect/rules/secrets_code.inc"
#include "agent/detect/rules/secrets_services.inc"
#include "agent/detect/rules/secrets_assigned.inc"
#include "agent/detect/rules/secrets_files.inc"
#include "agent/detect/rules/secrets_generic.inc"
});
// clang-format on

#undef TOKEN
#undef CHECKED
#undef INSIDE
#undef ASSIGNED
#undef GENERIC

}  // namespace

std::span<const SecretRule> secret_rules() { return kRules; }

}  // namespace sonde::detect
