// TLS libraries and runtimes by the places where distributions put them, so that the first request
// of a process started later is heard.
#pragma once

#include <string>
#include <vector>

namespace sonde::attach {

// Those that the host has whose files are seen under `root`, which has no '/' at its end.
std::vector<std::string> usual_tls_files(const std::string& root);

}  // namespace sonde::attach
