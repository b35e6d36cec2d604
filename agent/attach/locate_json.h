// `sonde locate --json`: one object per file, schema "sonde.locate/1".
#pragma once

#include <filesystem>
#include <string>

#include "agent/attach/locator.h"

namespace sonde::attach {

// One line, without a newline. Offsets are numbers, in bytes from the start of the file.
std::string to_json(const std::filesystem::path& file, const LocateReport& report);

// The same for people: a few indented lines per target, then what was refused.
std::string to_text(const std::filesystem::path& file, const LocateReport& report);

}  // namespace sonde::attach
