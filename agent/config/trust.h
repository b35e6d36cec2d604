// Whoever can write the configuration decides what is captured and where it is sent; whoever can
// read a key or token can pass for this agent.
#pragma once

#include <string>
#include <string_view>

#include "agent/config/problems.h"

namespace sonde::config {

// A regular file of root's or of our own that nobody else can write.
void check_trusted(const std::string& path, Problems& problems);

// The file that `key` names, if it names one: there, and not open to others.
void check_secret(std::string_view key, const std::string& path, Problems& problems);

}  // namespace sonde::config
