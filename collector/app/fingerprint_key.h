// The key under which every agent of the fleet makes the fingerprints that stand for secrets.
#pragma once

#include <string>

#include "agent/base/result.h"
#include "collector/app/config.h"

namespace sonde::collector {

// 64 hexadecimal digits of the configured file; of state_directory/pki/fingerprint.key, made at
// first use, where none is configured. "" where several collectors may share the store and none is
// configured: each would hand out another. The database never holds it: who reads the store could
// else try guesses at the secrets behind the fingerprints.
Result<std::string> fleet_fingerprint_key(const Config& config);

}  // namespace sonde::collector
