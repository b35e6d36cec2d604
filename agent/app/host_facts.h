// Who this host is, as every record of it says.
#pragma once

#include <string>
#include <string_view>

#include "agent/alert/alert.h"

namespace sonde::app {

// `agent_id`: as the collector knows this agent; the host's name where it is empty.
alert::HostFacts host_facts(const std::string& agent_id);

// As many bytes of the kernel's random generator.
std::string random_bytes(size_t count);
std::string hex_text(std::string_view bytes);

}  // namespace sonde::app
