// The configuration of the agent: a YAML file, overridden by the environment, over defaults that
// work with neither. packaging/sonde.yaml explains every key.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/limits.h"
#include "agent/base/result.h"

namespace sonde::config {

// How much of a suspicious text leaves the host.
enum class Evidence : uint8_t { kFull, kSegment, kNone };

// Which processes a rule means. A list that is empty says nothing.
struct ScopeRules {
  std::vector<std::string> exes;  // globs over the executable's path
  std::vector<uint32_t> uids;
  std::vector<uint32_t> ports;  // of either end
};

struct Capture {
  uint64_t ring_bytes = uint64_t{16} << 20;  // a power of two
  ScopeRules allow;                          // all empty: everything
  ScopeRules deny;                           // stronger than allow
};

struct Detect {
  std::vector<std::string> indicator_files;
  std::vector<std::string> disabled_alerts;
  Evidence evidence = Evidence::kSegment;
  std::chrono::seconds merge_window{300};
};

struct Collector {
  std::string url;  // empty: no collector
  std::string ca;
  std::string cert;
  std::string key;
  std::string token_file;
  bool activity = true;
  std::chrono::seconds heartbeat_interval{60};
};

struct Spool {
  std::string directory;  // empty: "spool" in the state directory
  uint64_t max_bytes = uint64_t{256} << 20;
};

struct FileOutput {
  std::string path;  // empty: no file
  uint64_t max_bytes = uint64_t{64} << 20;
  uint64_t files = 5;
};

struct Sinks {
  FileOutput file;
  bool standard_output = false;
};

struct Config {
  std::string agent_id;  // empty: common name of collector.cert, else the host's name
  std::string state_directory = "/var/lib/sonde";
  std::string log_level = "info";
  Capture capture;
  Detect detect;
  Collector collector;
  Spool spool;
  Sinks sinks;
  Limits limits;

  std::string spool_directory() const {
    return spool.directory.empty() ? state_directory + "/spool" : spool.directory;
  }
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The process's environment.
Environment process_environment();

// Reads `path` (defaults only where it is empty), then the variables SONDE_<KEY>, where KEY is the
// key's path in capitals with '_' for '.': SONDE_COLLECTOR_URL; lists are separated by commas. The
// error holds every problem on a line of its own, as FILE:LINE:COLUMN: what is wrong. A file that
// others can write, and a key or token that others can read, are problems too.
Result<Config> load_config(const std::string& path,
                           const Environment& environment = process_environment());

// The text of a configuration file alone; `name` stands in errors. Neither environment nor file
// system are asked.
Result<Config> parse_config(const std::string& text, const std::string& name);

// A commented file with every key and its default.
std::string example_config();

}  // namespace sonde::config
