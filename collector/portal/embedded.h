// Implemented by the source file that embed.cmake writes.
#pragma once

#include <span>

#include "collector/portal/assets.h"

namespace sonde::portal {

std::span<const Asset> embedded_assets();

}  // namespace sonde::portal
