// The keys themselves, in the order of the example file.
#include <array>
#include <iterator>
#include <limits>

#include "agent/config/fields.h"

namespace sonde::config {
namespace {

constexpr uint64_t kKi = 1 << 10;
constexpr uint64_t kMi = 1 << 20;
constexpr uint64_t kGi = 1 << 30;
constexpr uint64_t kMaxUid = std::numeric_limits<uint32_t>::max();

Field secret_file(std::string_view path, std::string* target, std::string_view help) {
  return {path, target, help, 0, 0, {}, true};
}

std::vector<Field> top_fields(Config& c) {
  return {
      {"agent_id", &c.agent_id,
       "Name under which the collector knows this agent: the common name of its certificate or the "
       "name of its token. Taken from collector.cert, else from the host's name, where empty."},
      {"state_directory", &c.state_directory, "Where the agent keeps what outlives it."},
      {"log_level", &c.log_level, "debug, info, warn or error.", 0, 0, "debug|info|warn|error"},
  };
}

std::vector<Field> capture_fields(Capture& capture) {
  return {
      {"capture.ring_bytes", &capture.ring_bytes,
       "Size of the ring buffer between kernel and agent; a power of two.", 64 * kKi, kGi},
      {"capture.plain_http_ports", &capture.plain_http_ports,
       "TCP ports, of either end, whose connections are heard without TLS: local model servers, "
       "sidecars. What speaks no HTTP there is dropped; an empty list hears none.",
       1, 65535},
      {"capture.stdio", &capture.stdio,
       "Hear MCP servers over standard input and output. While one lives, every system call of the "
       "host costs a little more (docs/TUNE.md)."},
  };
}

std::vector<Field> scope_fields(Capture& capture) {
  ScopeRules& allow = capture.allow;
  ScopeRules& deny = capture.deny;
  return {
      {"capture.allow.exes", &allow.exes,
       "Only these executables are heard: globs over the path, such as /usr/bin/python3*. With all "
       "lists under allow empty, everything is heard that speaks to a language model."},
      {"capture.allow.uids", &allow.uids, "Only processes of these users.", 0, kMaxUid},
      {"capture.allow.ports", &allow.ports, "Only connections from or to these ports.", 1, 65535},
      {"capture.allow.cgroups", &allow.cgroups,
       "Only processes in these cgroups: globs over the path, such as /kubepods*."},
      {"capture.allow.namespaces", &allow.namespaces,
       "Only pods of these Kubernetes namespaces: globs."},
      {"capture.allow.pod_labels", &allow.pod_labels,
       "Only pods with one of these labels: globs over key=value, or a key alone."},
      {"capture.deny.exes", &deny.exes,
       "These executables are never heard, even if allowed above."},
      {"capture.deny.uids", &deny.uids, "Processes of these users are never heard.", 0, kMaxUid},
      {"capture.deny.ports", &deny.ports, "Connections from or to these ports are never heard.", 1,
       65535},
      {"capture.deny.cgroups", &deny.cgroups, "Processes in these cgroups are never heard."},
      {"capture.deny.namespaces", &deny.namespaces, "Pods of these namespaces are never heard."},
      {"capture.deny.pod_labels", &deny.pod_labels,
       "Pods with one of these labels are never heard."},
  };
}

std::vector<Field> host_fields(Config& c) {
  return {
      {"capture.host_root", &c.capture.host_root,
       "Where the host's files are seen, for libraries and what container runtimes write down. The "
       "default is right on a host, and in a container that shares the host's processes."},
      {"kubernetes.kubelet", &c.kubernetes.kubelet,
       "https://ADDRESS:10250 of this node's kubelet, which tells pods and their labels; empty: it "
       "is not asked."},
      {"kubernetes.ca", &c.kubernetes.ca,
       "PEM file of the authority that signed the kubelet's certificate; empty: the system's."},
      {"kubernetes.token_file", &c.kubernetes.token_file,
       "File with the token of a service account that may 'get' nodes/proxy. Read anew for each "
       "question."},
      {"kubernetes.verify", &c.kubernetes.verify,
       "Verify the kubelet's certificate. Without it, whoever answers at that address learns the "
       "token."},
  };
}

std::vector<Field> detect_fields(Detect& detect) {
  return {
      {"detect.indicator_files", &detect.indicator_files,
       "Lists of malicious URLs, domains and IP addresses: plain text or CSV, one a line."},
      {"detect.tor_exit_files", &detect.tor_exit_files,
       "Lists of addresses of anonymising networks, one a line."},
      {"detect.suspicious_ip_files", &detect.suspicious_ip_files,
       "Lists of addresses of known attackers, one a line."},
      {"detect.brand_domains", &detect.brand_domains,
       "Domains of your own, such as example.com: links to what imitates them are reported. Those "
       "of well-known providers are known."},
      {"detect.canary_tokens", &detect.canary_tokens,
       "Words planted in system prompts, of eight characters at least: an answer that holds one "
       "has leaked its prompt."},
      {"detect.rule_files", &detect.rule_files,
       "Rules of your own (docs/RULES.md); check them with: sonde rules check FILE."},
      {"detect.allowed_providers", &detect.allowed_providers,
       "Providers that applications may speak to, such as openai or azure*; any other is reported "
       "as shadow_ai. Empty: all."},
      {"detect.allowed_models", &detect.allowed_models,
       "Models that they may use, such as gpt-4o*. Empty: all."},
      {"detect.disabled_alerts", &detect.disabled_alerts,
       "Alerts that are not raised, such as sensitive_data.prompt."},
      {"detect.suppression_files", &detect.suppression_files,
       "Findings that are no trouble, each with its reason (docs/TUNE.md): they are counted, and "
       "not raised."},
      {"detect.fingerprint_key_file",
       &detect.fingerprint_key_file,
       "File with 64 hexadecimal digits, the key of the fingerprints that stand for secrets; "
       "readable by the agent only. Empty: the collector's, so that one secret has one "
       "fingerprint in the whole fleet; without a collector, one of this host's own.",
       0,
       0,
       {},
       true},
      {"detect.evidence", &detect.evidence,
       "How much of a suspicious text an alert carries: full, segment or none. Secrets and "
       "personal data in it are masked in any case."},
      {"detect.merge_seconds", &detect.merge_window,
       "Equal findings of one application within this time are one alert.", 0, 86400},
      {"detect.judges", &detect.judges,
       "Services and guard models elsewhere that are asked about texts of which the local model is "
       "not sure: a list of mappings with name, type (prompt_shields or openai), url and what it "
       "needs; docs/TUNE.md has examples, docs/PRIVACY.md says what is sent. Empty: no text leaves "
       "this host to be judged."},
  };
}

std::vector<Field> taxii_fields(Taxii& taxii) {
  return {
      {"taxii.collections", &taxii.collections,
       "Collections of TAXII 2.1 servers whose indicators are looked for: "
       "https://HOST/ROOT/collections/ID/. The last good copy stays in state_directory."},
      {"taxii.user", &taxii.user, "Name for HTTP Basic authentication; empty: a bearer token."},
      secret_file("taxii.secret_file", &taxii.secret_file,
                  "File with the password or token; readable by the agent only."),
      {"taxii.ca", &taxii.ca, "PEM file of the servers' authority; empty: the system's."},
      {"taxii.interval_seconds", &taxii.interval, "Time between two refreshes.", 60, 604800},
  };
}

std::vector<Field> collector_fields(Collector& collector) {
  return {
      {"collector.url", &collector.url, "https://HOST:PORT of the collector; empty: none."},
      {"collector.ca", &collector.ca,
       "PEM file of the authority that signed the collector's certificate; empty: the system's."},
      {"collector.cert", &collector.cert, "PEM file of the agent's certificate."},
      secret_file("collector.key", &collector.key,
                  "PEM file of its key; readable by the agent only."),
      secret_file(
          "collector.token_file", &collector.token_file,
          "File with the agent's token, where it has no certificate; readable by the agent only."),
      {"collector.activity", &collector.activity,
       "Send the metadata of every exchange (no text), which the inventory is made of."},
      {"collector.heartbeat_seconds", &collector.heartbeat_interval,
       "Time between two signs of life, with counters and coverage.", 5, 3600},
      {"collector.policy_key", &collector.policy_key,
       "PEM file of the public key that signs policies; with it the agent takes its policy from "
       "the collector (docs/PRIVACY.md says what a policy may do). Empty: none is taken."},
  };
}

std::vector<Field> output_fields(Config& c) {
  return {
      {"spool.directory", &c.spool.directory,
       "Where records wait for the collector; empty: spool in state_directory."},
      {"spool.max_bytes", &c.spool.max_bytes,
       "Room for them. What is oldest and matters least is dropped first.", kMi, 1024 * kGi},
      {"sinks.file.path", &c.sinks.file.path, "Alerts as JSON lines in this file; empty: none."},
      {"sinks.file.max_bytes", &c.sinks.file.max_bytes, "Size at which the file is rotated.",
       64 * kKi, 1024 * kGi},
      {"sinks.file.files", &c.sinks.file.files, "Files kept, the current one included.", 1, 1000},
      {"sinks.stdout", &c.sinks.standard_output, "Alerts as JSON lines on standard output."},
      {"sinks.targets", &c.sinks.targets,
       "Other places that get the alerts, each with a spool of its own: a list of mappings with "
       "name, type (webhook, syslog, kafka or otlp) and what it needs; docs/OPERATE.md has "
       "examples."},
  };
}

std::vector<Field> service_fields(Config& c) {
  return {
      {"policy.may_raise_evidence", &c.policy.may_raise_evidence,
       "Whether a policy of the collector may let alerts carry more evidence than detect.evidence "
       "says here; less is always allowed."},
      {"metrics.listen", &c.metrics.listen,
       "ADDRESS:PORT where /metrics (OpenMetrics), /healthz and /readyz are served; empty: "
       "nowhere. There is no authentication: keep it on loopback, or behind a firewall."},
  };
}

std::vector<Field> limit_fields(Limits& limits) {
  return {
      {"limits.connections", &limits.connections,
       "Connections followed at a time; the least recently used is given up first.", 16, 1 << 22},
      {"limits.connection_idle_seconds", &limits.connection_idle,
       "A connection that is silent for this long is forgotten.", 1, 86400},
      {"limits.plaintext_bytes", &limits.plaintext_bytes,
       "Captured text held in memory over all connections.", 8 * kMi, 64 * kGi},
      {"limits.header_bytes", &limits.header_bytes, "One HTTP header section.", 4 * kKi, 16 * kMi},
      {"limits.body_bytes", &limits.body_bytes,
       "One HTTP body, decoded; a longer one is cut and marked.", 64 * kKi, kGi},
      {"limits.exchange_text_bytes", &limits.exchange_text_bytes,
       "All texts of one exchange together.", 64 * kKi, kGi},
      {"limits.messages", &limits.messages, "Messages of one exchange.", 16, 1 << 20},
      {"limits.tool_calls", &limits.tool_calls, "Tool calls of one exchange.", 16, 1 << 20},
      {"limits.json_depth", &limits.json_depth, "Nesting of JSON.", 16, 1024},
      {"limits.findings", &limits.findings, "Findings kept of one exchange.", 1, 10000},
      {"limits.evidence_code_points", &limits.evidence_code_points,
       "Length of a piece of evidence.", 16, 65536},
  };
}

}  // namespace

std::vector<Field> fields_of(Config& c) {
  std::vector<Field> fields;
  for (std::vector<Field>& section : std::to_array(
           {top_fields(c), capture_fields(c.capture), scope_fields(c.capture), host_fields(c),
            detect_fields(c.detect), taxii_fields(c.taxii), collector_fields(c.collector),
            output_fields(c), service_fields(c), limit_fields(c.limits)})) {
    std::move(section.begin(), section.end(), std::back_inserter(fields));
  }
  return fields;
}

}  // namespace sonde::config
