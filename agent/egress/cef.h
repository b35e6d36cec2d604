// ArcSight's Common Event Format, version 0.
#pragma once

#include <string>

#include "agent/egress/record.h"

namespace sonde::egress {

// One line.
std::string to_cef(const Record& record, const Product& product);

}  // namespace sonde::egress
