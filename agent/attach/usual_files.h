// TLS libraries and runtimes by the places where distributions put them, so that the first request
// of a process started later is heard.
#pragma once

#include <string>
#include <vector>

namespace sonde::attach {

// Those that this host has.
std::vector<std::string> usual_tls_files();

}  // namespace sonde::attach
