// What of the configuration a reload cannot change.
#pragma once

#include <string_view>

#include "agent/config/config.h"

namespace sonde::app {

inline constexpr std::string_view kRestartKeys =
    "agent_id, state_directory, collector, taxii, spool, sinks, metrics, capture.ring_bytes, "
    "capture.plain_http_ports, capture.stdio, capture.host_root, detect.judges and kubernetes";

bool needs_restart(const config::Config& now, const config::Config& next);

}  // namespace sonde::app
