// A command line that may leave the host: what looks like a secret in it is masked.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sonde::alert {

inline constexpr size_t kCommandLineBytes = 4096;

// The arguments joined by spaces (one that holds a space or quote is quoted), cut at
// kCommandLineBytes. Masked as "[redacted]": values of options, variables, headers and query
// parameters whose name speaks of a password, secret, token or key; passwords in URLs; words with
// a known key prefix; long words that look random.
std::string redact_command_line(std::span<const std::string> arguments);

}  // namespace sonde::alert
