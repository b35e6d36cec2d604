// A LocateReport as text and back, for the cache on disk. Versioned: text of another version is no
// report, and the file is searched again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/attach/locator.h"

namespace sonde::attach {

std::string encode_report(const LocateReport& report);
std::optional<LocateReport> decode_report(std::string_view text);

}  // namespace sonde::attach
