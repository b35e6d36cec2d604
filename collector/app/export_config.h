// The list `exports` of the configuration.
#pragma once

#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/export/export_config.h"

namespace YAML {
class Node;
}

namespace sonde::collector {

// Errors name `path`, line, column and key.
Result<std::vector<exporting::ExportConfig>> read_exports(const std::string& path,
                                                          const YAML::Node& list);

// A commented example, every line of it a comment.
std::string_view example_exports();

}  // namespace sonde::collector
