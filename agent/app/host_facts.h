// Who this host is, as every record of it says.
#pragma once

#include <string>
#include <string_view>

#include "agent/alert/alert.h"
#include "agent/base/result.h"

namespace sonde::app {

// `agent_id`: as the collector knows this agent; the host's name where it is empty.
alert::HostFacts host_facts(const std::string& agent_id);

// The key of the fingerprints that stand for secrets in alerts: made at first use, then kept in
// `directory` (made with mode 0700), so that one secret has one fingerprint over restarts.
Result<std::string> fingerprint_key(const std::string& directory);

// As many bytes of the kernel's random generator.
std::string random_bytes(size_t count);
std::string hex_text(std::string_view bytes);

}  // namespace sonde::app
