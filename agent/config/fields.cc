#include "agent/config/fields.h"

#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agent/config/judges.h"
#include "agent/config/targets.h"

namespace sonde::config {
namespace {

constexpr uint64_t kKi = 1 << 10;
constexpr uint64_t kMi = 1 << 20;
constexpr uint64_t kGi = 1 << 30;
constexpr uint64_t kMaxUid = std::numeric_limits<uint32_t>::max();
constexpr size_t kListElements = 4096;
constexpr std::array<std::string_view, 3> kEvidence = {"full", "segment", "none"};

std::optional<uint64_t> read_integer(std::string_view text, bool is_bytes) {
  uint64_t unit = 1;
  for (const auto& [suffix, factor] :
       {std::pair{"KiB", kKi}, std::pair{"MiB", kMi}, std::pair{"GiB", kGi}}) {
    if (is_bytes && text.ends_with(suffix)) {
      text.remove_suffix(3);
      while (text.ends_with(' ')) text.remove_suffix(1);
      unit = factor;
      break;
    }
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
      value > std::numeric_limits<uint64_t>::max() / unit) {
    return std::nullopt;
  }
  return value * unit;
}

std::string assign_text(const Field& field, std::string_view text, std::string& target) {
  if (text.find('\0') != std::string_view::npos) return "must not hold a NUL";
  if (!field.choices.empty()) {
    std::string_view rest = field.choices;
    bool found = false;
    while (!rest.empty() && !found) {
      const size_t end = std::min(rest.find('|'), rest.size());
      found = rest.substr(0, end) == text;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!found) return fmt::format("must be one of {}", field.choices);
  }
  target = text;
  return {};
}

std::string assign_fraction(const Field& field, std::string_view text, double& target) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool read = error == std::errc() && end == text.data() + text.size();
  // Written so that what is no number fails as well.
  if (!read ||
      !(value >= static_cast<double>(field.min) && value <= static_cast<double>(field.max))) {
    return fmt::format("must be a number from {} to {}", field.min, field.max);
  }
  target = value;
  return {};
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string render_integer(uint64_t value, bool is_bytes) {
  if (!is_bytes) return fmt::format("{}", value);
  if (value > 0 && value % kGi == 0) return fmt::format("{}GiB", value / kGi);
  if (value > 0 && value % kMi == 0) return fmt::format("{}MiB", value / kMi);
  if (value > 0 && value % kKi == 0) return fmt::format("{}KiB", value / kKi);
  return fmt::format("{}", value);
}

void append_limits(Limits& limits, std::vector<Field>& fields) {
  fields.insert(
      fields.end(),
      {
          {"limits.connections", &limits.connections,
           "Connections followed at a time; the least recently used is given up first.", 16,
           1 << 22},
          {"limits.connection_idle_seconds", &limits.connection_idle,
           "A connection that is silent for this long is forgotten.", 1, 86400},
          {"limits.plaintext_bytes", &limits.plaintext_bytes,
           "Captured text held in memory over all connections.", 8 * kMi, 64 * kGi},
          {"limits.header_bytes", &limits.header_bytes, "One HTTP header section.", 4 * kKi,
           16 * kMi},
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
      });
}

}  // namespace

std::vector<Field> fields_of(Config& c) {
  ScopeRules& allow = c.capture.allow;
  ScopeRules& deny = c.capture.deny;
  std::vector<Field> fields = {
      {"agent_id", &c.agent_id,
       "Name under which the collector knows this agent: the common name of its certificate or the "
       "name of its token. Taken from collector.cert, else from the host's name, where empty."},
      {"state_directory", &c.state_directory, "Where the agent keeps what outlives it."},
      {"log_level", &c.log_level, "debug, info, warn or error.", 0, 0, "debug|info|warn|error"},

      {"capture.ring_bytes", &c.capture.ring_bytes,
       "Size of the ring buffer between kernel and agent; a power of two.", 64 * kKi, kGi},
      {"capture.plain_http_ports", &c.capture.plain_http_ports,
       "TCP ports, of either end, whose connections are heard without TLS: local model servers, "
       "sidecars. What speaks no HTTP there is dropped; an empty list hears none.",
       1, 65535},
      {"capture.stdio", &c.capture.stdio,
       "Hear MCP servers over standard input and output. While one lives, every system call of the "
       "host costs a little more (docs/TUNE.md)."},
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

      {"detect.indicator_files", &c.detect.indicator_files,
       "Lists of malicious URLs, domains and IP addresses: plain text or CSV, one a line."},
      {"detect.tor_exit_files", &c.detect.tor_exit_files,
       "Lists of addresses of anonymising networks, one a line."},
      {"detect.suspicious_ip_files", &c.detect.suspicious_ip_files,
       "Lists of addresses of known attackers, one a line."},
      {"detect.brand_domains", &c.detect.brand_domains,
       "Domains of your own, such as example.com: links to what imitates them are reported. Those "
       "of "
       "well-known providers are known."},
      {"detect.canary_tokens", &c.detect.canary_tokens,
       "Words planted in system prompts, of eight characters at least: an answer that holds one "
       "has "
       "leaked its prompt."},
      {"detect.rule_files", &c.detect.rule_files,
       "Rules of your own (docs/RULES.md); check them with: sonde rules check FILE."},
      {"detect.allowed_providers", &c.detect.allowed_providers,
       "Providers that applications may speak to, such as openai or azure*; any other is reported "
       "as shadow_ai. Empty: all."},
      {"detect.allowed_models", &c.detect.allowed_models,
       "Models that they may use, such as gpt-4o*. Empty: all."},
      {"detect.disabled_alerts", &c.detect.disabled_alerts,
       "Alerts that are not raised, such as sensitive_data.prompt."},
      {"detect.suppression_files", &c.detect.suppression_files,
       "Findings that are no trouble, each with its reason (docs/TUNE.md): they are counted, and "
       "not "
       "raised."},
      {"detect.fingerprint_key_file",
       &c.detect.fingerprint_key_file,
       "File with 64 hexadecimal digits, the key of the fingerprints that stand for secrets; "
       "readable by the agent only. Empty: the collector's, so that one secret has one "
       "fingerprint in the whole fleet; without a collector, one of this host's own.",
       0,
       0,
       {},
       true},
      {"detect.evidence", &c.detect.evidence,
       "How much of a suspicious text an alert carries: full, segment or none. Secrets and "
       "personal data in it are masked in any case."},
      {"detect.merge_seconds", &c.detect.merge_window,
       "Equal findings of one application within this time are one alert.", 0, 86400},
      {"detect.judges", &c.detect.judges,
       "Services and guard models elsewhere that are asked about texts of which the local model is "
       "not sure: a list of mappings with name, type (prompt_shields or openai), url and what it "
       "needs; docs/TUNE.md has examples, docs/PRIVACY.md says what is sent. Empty: no text leaves "
       "this host to be judged."},

      {"taxii.collections", &c.taxii.collections,
       "Collections of TAXII 2.1 servers whose indicators are looked for: "
       "https://HOST/ROOT/collections/ID/. The last good copy stays in state_directory."},
      {"taxii.user", &c.taxii.user, "Name for HTTP Basic authentication; empty: a bearer token."},
      {"taxii.secret_file",
       &c.taxii.secret_file,
       "File with the password or token; readable by the agent only.",
       0,
       0,
       {},
       true},
      {"taxii.ca", &c.taxii.ca, "PEM file of the servers' authority; empty: the system's."},
      {"taxii.interval_seconds", &c.taxii.interval, "Time between two refreshes.", 60, 604800},

      {"collector.url", &c.collector.url, "https://HOST:PORT of the collector; empty: none."},
      {"collector.ca", &c.collector.ca,
       "PEM file of the authority that signed the collector's certificate; empty: the system's."},
      {"collector.cert", &c.collector.cert, "PEM file of the agent's certificate."},
      {"collector.key",
       &c.collector.key,
       "PEM file of its key; readable by the agent only.",
       0,
       0,
       {},
       true},
      {"collector.token_file",
       &c.collector.token_file,
       "File with the agent's token, where it has no certificate; readable by the agent only.",
       0,
       0,
       {},
       true},
      {"collector.activity", &c.collector.activity,
       "Send the metadata of every exchange (no text), which the inventory is made of."},
      {"collector.heartbeat_seconds", &c.collector.heartbeat_interval,
       "Time between two signs of life, with counters and coverage.", 5, 3600},
      {"collector.policy_key", &c.collector.policy_key,
       "PEM file of the public key that signs policies; with it the agent takes its policy from "
       "the "
       "collector (docs/PRIVACY.md says what a policy may do). Empty: none is taken."},

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

      {"policy.may_raise_evidence", &c.policy.may_raise_evidence,
       "Whether a policy of the collector may let alerts carry more evidence than detect.evidence "
       "says here; less is always allowed."},

      {"metrics.listen", &c.metrics.listen,
       "ADDRESS:PORT where /metrics (OpenMetrics), /healthz and /readyz are served; empty: "
       "nowhere. "
       "There is no authentication: keep it on loopback, or behind a firewall."},
  };
  append_limits(c.limits, fields);
  return fields;
}

std::string assign(const Field& field, std::string_view text) {
  if (auto* const* target = std::get_if<std::string*>(&field.target)) {
    return assign_text(field, text, **target);
  }
  if (auto* const* target = std::get_if<bool*>(&field.target)) {
    if (text != "true" && text != "false") return "must be true or false";
    **target = text == "true";
    return {};
  }
  if (auto* const* target = std::get_if<Evidence*>(&field.target)) {
    for (size_t i = 0; i < kEvidence.size(); ++i) {
      if (text != kEvidence[i]) continue;
      **target = static_cast<Evidence>(i);
      return {};
    }
    return fmt::format("must be one of {}", fmt::join(kEvidence, "|"));
  }
  if (auto* const* target = std::get_if<std::vector<std::string>*>(&field.target)) {
    if ((*target)->size() >= kListElements) return "has too many elements";
    if (text.empty()) return "must not hold an empty text";
    return assign_text(field, text, (*target)->emplace_back());
  }
  if (auto* const* target = std::get_if<double*>(&field.target)) {
    return assign_fraction(field, text, **target);
  }
  const auto value = read_integer(text, field.is_bytes());
  if (!value || *value < field.min || *value > field.max) {
    return fmt::format("must be an integer from {} to {}",
                       render_integer(field.min, field.is_bytes()),
                       render_integer(field.max, field.is_bytes()));
  }
  if (auto* const* target = std::get_if<uint64_t*>(&field.target)) {
    **target = *value;
  } else if (auto* const* time = std::get_if<std::chrono::seconds*>(&field.target)) {
    **time = std::chrono::seconds(*value);
  } else if (auto* const* list = std::get_if<std::vector<uint32_t>*>(&field.target)) {
    if ((*list)->size() >= kListElements) return "has too many elements";
    (*list)->push_back(static_cast<uint32_t>(*value));
  }
  return {};
}

void clear_list(const Field& field) {
  if (auto* const* texts = std::get_if<std::vector<std::string>*>(&field.target)) (*texts)->clear();
  if (auto* const* numbers = std::get_if<std::vector<uint32_t>*>(&field.target)) {
    (*numbers)->clear();
  }
}

std::string render(const Field& field) {
  struct Renderer {
    bool is_bytes;
    std::string operator()(const std::string* text) const { return quoted(*text); }
    std::string operator()(const bool* flag) const { return *flag ? "true" : "false"; }
    std::string operator()(const uint64_t* value) const { return render_integer(*value, is_bytes); }
    std::string operator()(const std::chrono::seconds* time) const {
      return fmt::format("{}", time->count());
    }
    std::string operator()(const Evidence* evidence) const {
      return std::string(kEvidence[static_cast<size_t>(*evidence)]);
    }
    std::string operator()(const std::vector<std::string>* list) const {
      std::vector<std::string> elements;
      for (const std::string& element : *list) elements.push_back(quoted(element));
      return fmt::format("[{}]", fmt::join(elements, ", "));
    }
    std::string operator()(const std::vector<uint32_t>* list) const {
      return fmt::format("[{}]", fmt::join(*list, ", "));
    }
    std::string operator()(const std::vector<TargetOutput>* list) const {
      return render_targets(*list);
    }
    std::string operator()(const std::vector<RemoteJudge>* list) const {
      return render_judges(*list);
    }
    std::string operator()(const double* value) const { return fmt::format("{}", *value); }
  };
  return std::visit([&](auto* target) { return Renderer{field.is_bytes()}(target); }, field.target);
}

}  // namespace sonde::config
