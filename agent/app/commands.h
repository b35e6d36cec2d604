// The commands of `sonde`, each a function from its options to an exit code: 0 good, 1 runtime
// failure, 2 usage or configuration error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/app/exchange_printer.h"
#include "agent/config/config.h"

namespace sonde::app {

inline constexpr int kExitGood = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

struct TraceOptions {
  ViewOptions view;
  std::optional<uint32_t> pid;
  // Patterns of the shell; empty: all.
  std::string exe_glob;
  std::string host_glob;
  std::string model_glob;
  std::vector<uint32_t> plain_http_ports{config::kPlainHttpPorts.begin(),
                                         config::kPlainHttpPorts.end()};
  double duration_seconds = 0;  // 0: until interrupted
  config::Layers config;        // for host root and kubelet
};
int run_trace(const TraceOptions& options);

struct RecordOptions {
  std::string output;
  std::vector<uint32_t> plain_http_ports{config::kPlainHttpPorts.begin(),
                                         config::kPlainHttpPorts.end()};
  double duration_seconds = 0;
  config::Layers config;
};
int run_record(const RecordOptions& options);

struct ReplayOptions {
  std::string file;
  ViewOptions view;
  bool exchanges = false;  // what is done when nothing is asked
  bool alerts = false;     // alerts as the agent would send them, instead of exchanges
};
int run_replay(const ReplayOptions& options);

// `file` empty or "-": standard input. JSON lines are the only form there is.
int run_scan(const std::string& file);
int run_locate(const std::string& file, bool json);
int run_doctor(bool json);

// The daemon.
int run_agent(const config::Layers& layers);

struct EnrolOptions {
  std::string url;
  std::string ca;
  std::string token_file;  // empty or "-": the first line of standard input
  std::string directory = "/var/lib/sonde/pki";
  std::string agent_id;  // for a token that is good for many hosts; empty: the host's name
};
int run_enrol(const EnrolOptions& options);

int run_config_check(const std::string& path);
// Settings with their origins; all of them, or those that are not defaults.
int run_config_show(const std::string& path, bool effective);
int run_config_example();

struct RulesOptions {
  std::vector<std::string> files;  // none: those of the configuration (detect.rule_files)
  config::Layers config;
};
int run_rules_check(const RulesOptions& options);
int run_rules_list(const RulesOptions& options);

// Prints "sonde: <message>" and answers `code`.
int complain(const std::string& message, int code);

}  // namespace sonde::app
