// The phrases by which untrusted text tries to redirect a model.
#pragma once

#include <string_view>

#include "agent/detect/provenance/tokens.h"

namespace sonde::detect {

// Any of the known phrases, as whole words.
bool holds_redirecting_phrase(const Tokens& words);

// Mark-up that only a prompt template or a chat protocol has: <|im_start|>, [INST], <system>.
bool has_role_markup(std::string_view text);

}  // namespace sonde::detect
