#include "agent/detect/rules/patterns.h"

#include <array>

namespace sonde::detect {

namespace {

#define COMMAND(subtype, keywords, expression) \
  Pattern{PatternFamily::kCommand, subtype, keywords, expression},
#define PROBE(subtype, keywords, expression) \
  Pattern{PatternFamily::kProbe, subtype, keywords, expression},
#define SECRECY(subtype, keywords, expression) \
  Pattern{PatternFamily::kSecrecy, subtype, keywords, expression},
#define OVERRIDE(subtype, keywords, expression) \
  Pattern{PatternFamily::kOverride, subtype, keywords, expression},
#define SENSITIVE_FILE(subtype, keywords, expression) \
  Pattern{PatternFamily::kSensitiveFile, subtype, keywords, expression},

// clang-format off
constexpr auto kPatterns = std::to_array<Pattern>({
#include "agent/detect/rules/dangerous_commands.inc"
#include "agent/detect/rules/phrases.inc"
});
// clang-format on

#undef COMMAND
#undef PROBE
#undef SECRECY
#undef OVERRIDE
#undef SENSITIVE_FILE

}  // namespace

std::span<const Pattern> patterns() { return kPatterns; }

}  // namespace sonde::detect
