// What is wrong with a configuration beyond its words: addresses, targets, files and who may change
// them. The daemon refuses to start for the same reasons.
#pragma once

#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/app/config.h"

namespace sonde::collector {

// The address and port of `listen`; IPv6 addresses stand in brackets there.
struct ListenAddress {
  std::string address;
  uint16_t port = 0;
};
Result<ListenAddress> parse_listen(const std::string& listen);

// `path`: the file that `config` was read from, "" where there was none. The error names everything
// that is wrong, each on a line.
Status check_config(const std::string& path, const Config& config);

// Variables of the environment that begin with SONDE_COLLECTOR_ and are no key, such as a misspelt
// one. Those that Kubernetes makes for a service of this name and those of the agent's own keys do
// not count.
std::vector<std::string> unknown_variables(const std::vector<std::string>& names);

}  // namespace sonde::collector
