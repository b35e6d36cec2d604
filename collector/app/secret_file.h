// Secrets of the collector that it makes itself.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sonde::collector {

// Writes a new file with mode 0600, and its folder where there is none. A file that is there
// already is an error: no secret is ever written over.
Status make_secret_file(const std::string& path, std::string_view content);

}  // namespace sonde::collector
