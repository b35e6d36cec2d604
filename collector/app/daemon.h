// The composition root of the running collector: store, writer, followers, server.
#pragma once

#include <string>

#include "agent/base/result.h"
#include "collector/app/config.h"

namespace sonde::collector {

// Runs until SIGTERM or SIGINT; SIGHUP reads `config_path` again and takes over what can change
// while running (certificates, log level). Tells systemd what it does, where there is one.
Status run_daemon(const std::string& config_path, const Config& config);

// Directories and, where none are configured, certificates. Fills the paths in.
Status prepare_state(Config& config);

}  // namespace sonde::collector
