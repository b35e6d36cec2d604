// The table of suspicious phrases and commands. Data only: pattern_finder.cc applies it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sonde::detect {

enum class PatternFamily : uint8_t {
  kCommand,        // dangerous in a shell, a database or a program
  kProbe,          // asks a model for its instructions, tools, guardrails
  kSecrecy,        // tells a model to keep something from the user
  kOverride,       // puts itself above other instructions or tools
  kSensitiveFile,  // where secrets lie on a machine
};

struct Pattern {
  PatternFamily family;
  std::string_view subtype;
  std::string_view keywords;    // separated by '|'; the pattern is matched from where one begins
  std::string_view expression;  // PCRE2, without regard to case
};

std::span<const Pattern> patterns();

}  // namespace sonde::detect
