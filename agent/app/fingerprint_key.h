// The key of the fingerprints that stand for secrets in alerts.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/config/config.h"

namespace sonde::app {

// 32 bytes: of detect.fingerprint_key_file; else the fleet's, under which one secret has one
// fingerprint on every host; else one of this host's own, made at first use and kept in
// state_directory, so that one secret has one fingerprint over restarts.
Result<std::string> fingerprint_key(const config::Config& config);

// Keeps the key that the collector hands out, as 64 hexadecimal digits. True where another was in
// force until now; false where it is already, or where the configuration names a key file.
Result<bool> keep_fleet_key(const config::Config& config, std::string_view digits);

}  // namespace sonde::app
