// Credentials of places that an operator names: one line in a file of its own.
#pragma once

#include <string>

#include "agent/base/result.h"

namespace sonde::egress {

// The first line of the file; "" where `path` is empty. The error names the file only.
Result<std::string> read_secret(const std::string& path);

}  // namespace sonde::egress
