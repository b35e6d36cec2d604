// ArcSight's Common Event Format, version 0.
#pragma once

#include <string>

#include "collector/export/record.h"

namespace sonde::exporting {

// One line. `version` is that of the product.
std::string to_cef(const Record& record, const std::string& version);

}  // namespace sonde::exporting
