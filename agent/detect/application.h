// Who speaks to a model, as baselines know it: the program and where it runs, without what changes
// at each start (pid, container id, pod name).
#pragma once

#include <string>
#include <string_view>

#include "agent/llm/exchange.h"

namespace sonde::detect {

// Empty where no process is known, as in an offline scan: there is no baseline then.
std::string application_key(const llm::Exchange& exchange);

// What an interpreter runs (Node.js, Python, a Java machine, ...): its first argument that is no
// option, or the module of -m or archive of -jar, at most 256 bytes. Empty for other programs, and
// where there is none. Views the process.
std::string_view script_of(const llm::Process& process);

}  // namespace sonde::detect
