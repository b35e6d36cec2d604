// The configuration of the agent: YAML files, overridden by the environment and by flags, over
// defaults that work with none of them. packaging/sonde.yaml explains every key.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/limits.h"
#include "agent/base/result.h"
#include "agent/egress/target_config.h"

namespace sonde::config {

// How much of a suspicious text leaves the host.
enum class Evidence : uint8_t { kFull, kSegment, kNone };

// Which processes a rule means. A list that is empty says nothing.
struct ScopeRules {
  std::vector<std::string> exes;  // globs over the executable's path
  std::vector<uint32_t> uids;
  std::vector<uint32_t> ports;          // of either end
  std::vector<std::string> cgroups;     // globs over the cgroup's path
  std::vector<std::string> namespaces;  // globs over the pod's namespace
  std::vector<std::string> pod_labels;  // "key=value" or "key"; globs
};

// Where model servers listen unless told otherwise: Ollama, vLLM and TGI, llama.cpp, LM Studio,
// LiteLLM, SGLang.
inline constexpr std::array<uint32_t, 6> kPlainHttpPorts{11434, 8000, 8080, 1234, 4000, 30000};

struct Capture {
  uint64_t ring_bytes = uint64_t{16} << 20;  // a power of two
  ScopeRules allow;                          // all empty: everything
  ScopeRules deny;                           // stronger than allow
  // Where the host's root is seen: its first process's, which in a container that shares the
  // host's processes is the host's too.
  std::string host_root = "/proc/1/root";
  // Connections heard without TLS, by the port of either end; empty: none.
  std::vector<uint32_t> plain_http_ports{kPlainHttpPorts.begin(), kPlainHttpPorts.end()};
  bool stdio = true;  // MCP servers over standard input and output
};

// The kubelet of this node, which tells names and labels of pods.
struct Kubernetes {
  std::string kubelet;  // "https://ADDRESS:10250"; empty: not asked
  std::string ca;       // PEM file; empty: the system's
  std::string token_file;
  bool verify = true;

  bool operator==(const Kubernetes&) const = default;
};

// A service or guard model elsewhere that is asked about texts of which the local model is not
// sure. docs/TUNE.md explains the keys.
struct RemoteJudge {
  std::string name;
  std::string type;         // prompt_shields, openai
  std::string url;          // the resource's endpoint; openai: what "/chat/completions" follows
  std::string model;        // openai
  std::string secret_file;  // the API key; empty: none is sent
  std::string ca;           // PEM file; empty: the system's
  std::string api_version = "2024-09-01";  // prompt_shields
  std::string instructions;                // openai: a system message; empty: none
  std::string parameters;                  // openai: a JSON object, further members of the request
  std::vector<std::string> categories;     // an attack is one of these; empty: any is
  std::vector<std::string> zones{"user", "tool"};
  double min_score = 0.2;  // of the local model; both included
  double max_score = 0.5;
  bool redact = true;
  uint64_t characters = 10000;  // sent of one text
  uint64_t requests_per_minute = 30;
  uint64_t requests_per_day = 1000;
  uint64_t characters_per_day = 1'000'000;
  std::chrono::seconds timeout{10};

  bool operator==(const RemoteJudge&) const = default;
};

struct Detect {
  std::vector<std::string> indicator_files;
  std::vector<std::string> tor_exit_files;
  std::vector<std::string> suspicious_ip_files;
  std::vector<std::string> brand_domains;
  std::vector<std::string> canary_tokens;
  std::vector<std::string> rule_files;
  std::vector<std::string> allowed_providers;  // empty: all
  std::vector<std::string> allowed_models;     // empty: all
  std::vector<std::string> disabled_alerts;
  std::vector<std::string> suppression_files;
  std::string fingerprint_key_file;  // empty: the collector's, else one of this host's own
  Evidence evidence = Evidence::kSegment;
  std::chrono::seconds merge_window{300};
  std::vector<RemoteJudge> judges;  // empty: no text leaves the host to be judged
};

// A collection of a TAXII 2.1 server whose indicators are kept on this host.
struct Taxii {
  std::vector<std::string> collections;  // URLs
  std::string user;
  std::string secret_file;
  std::string ca;
  std::chrono::seconds interval{3600};
};

struct Collector {
  std::string url;  // empty: no collector
  std::string ca;
  std::string cert;
  std::string key;
  std::string token_file;
  bool activity = true;
  std::chrono::seconds heartbeat_interval{60};
  std::string policy_key;  // empty: no policy is taken from the collector
};

// What a policy from the collector may do (config/policy.h).
struct PolicyRules {
  bool may_raise_evidence = false;
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

// A webhook, syslog receiver, Kafka cluster or OpenTelemetry collector that gets the alerts.
struct TargetOutput {
  egress::TargetConfig target;
  std::string min_severity = "informational";
  uint64_t max_bytes = uint64_t{64} << 20;  // of its spool

  bool operator==(const TargetOutput&) const = default;
};

struct Sinks {
  FileOutput file;
  bool standard_output = false;
  std::vector<TargetOutput> targets;
};

struct Metrics {
  std::string listen = "127.0.0.1:9464";  // ADDRESS:PORT; empty: no endpoint
};

struct Config {
  std::string agent_id;  // empty: common name of collector.cert, else the host's name
  std::string state_directory = "/var/lib/sonde";
  std::string log_level = "info";
  Capture capture;
  Kubernetes kubernetes;
  Detect detect;
  Taxii taxii;
  Collector collector;
  Spool spool;
  Sinks sinks;
  Metrics metrics;
  PolicyRules policy;
  Limits limits;

  std::string spool_directory() const {
    return spool.directory.empty() ? state_directory + "/spool" : spool.directory;
  }
  // Of a target: beside the collector's, for records of one would block the other.
  std::string spool_directory(const TargetOutput& output) const {
    return spool_directory() + "-" + output.target.name;
  }
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The process's environment.
Environment process_environment();

// Where a configuration comes from; what stands further down is stronger. A list replaces what a
// weaker layer says.
struct Layers {
  // Empty: none. Files conf.d/*.yaml beside it are read after it, in the order of their names.
  std::string file;
  // Variables SONDE_<KEY>, where KEY is the key's path in capitals with '_' for '.':
  // SONDE_COLLECTOR_URL; lists are separated by commas.
  Environment environment = process_environment();  // none where empty
  // "collector.url=https://c:8443": the values of --set.
  std::vector<std::string> settings;
};

inline constexpr std::string_view kDefaultOrigin = "default";

// One key of the configuration in force.
struct Setting {
  std::string key;     // "collector.url"
  std::string value;   // as YAML
  std::string origin;  // kDefaultOrigin, FILE:LINE, "environment variable NAME" or "--set"
};

struct Effective {
  Config config;
  std::vector<Setting> settings;  // every key, in the order of the example file
};

// The error holds every problem on a line of its own, as FILE:LINE:COLUMN: what is wrong. A file
// that others can write, and a key or token that others can read, are problems too.
Result<Effective> load_effective(const Layers& layers);

// load_effective() for those who do not ask where a value came from. Defaults where `path` is
// empty.
Result<Config> load_config(const Layers& layers);
Result<Config> load_config(const std::string& path,
                           const Environment& environment = process_environment());

// The text of a configuration file alone; `name` stands in errors. Neither environment nor file
// system are asked.
Result<Config> parse_config(const std::string& text, const std::string& name);

// A commented file with every key and its default.
std::string example_config();

// Settings as a YAML document that says of each value where it comes from; without defaults, what
// differs from an empty file.
std::string document_of(const std::vector<Setting>& settings, bool with_defaults);

}  // namespace sonde::config
