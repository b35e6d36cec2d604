// Commands that tell of the agent of this host, whether it runs or not: spool, inventory,
// support-bundle. They change nothing. Exit codes as in agent/app/commands.h.
#pragma once

#include <string>

#include "agent/config/config.h"

namespace sonde::app {

struct SpoolOptions {
  config::Layers config;  // says where the spools are
  bool json = false;      // a line for each spool
  bool records = false;   // only the records that wait, one line of JSON each
  std::string sink;       // "collector" or a target's name; empty: all
};
int run_spool(const SpoolOptions& options);

struct InventoryOptions {
  config::Layers config;  // says where the state directory is
  bool json = false;
};
int run_inventory(const InventoryOptions& options);

struct SupportBundleOptions {
  config::Layers config;
  std::string output;                      // "sonde-support-HOST-TIME.tar.gz" where empty
  std::string program = "/proc/self/exe";  // the sonde that is asked for its doctor and version
};
int run_support_bundle(const SupportBundleOptions& options);

// Where the agent keeps its inventory.
inline std::string inventory_path(const config::Config& config) {
  return config.state_directory + "/inventory.json";
}

}  // namespace sonde::app
