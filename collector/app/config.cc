#include "collector/app/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>
#include <variant>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "agent/config/problems.h"
#include "collector/app/export_config.h"

namespace sonde::collector {
namespace {

// One key: where it stands, what it may be, where it goes.
struct Field {
  std::string_view section;  // "" at the top
  std::string_view name;
  std::variant<std::string Config::*, int64_t Config::*, bool Config::*> member;
  int64_t min;
  int64_t max;
  std::string_view help;

  std::string path() const {
    return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
  }
};

constexpr int64_t kNoMin = 0;
constexpr auto kFields = std::to_array<Field>({
    {"", "listen", &Config::listen, 0, 0, "IP address and port"},
    {"", "state_directory", &Config::state_directory, 0, 0,
     "database and keys, unless named below"},
    {"", "log_level", &Config::log_level, 0, 0, "debug, info, warn or error"},
    {"tls", "certificate", &Config::tls_certificate, 0, 0,
     "PEM chain; made by the collector if empty"},
    {"tls", "key", &Config::tls_key, 0, 0, "PEM key of the certificate"},
    {"tls", "client_ca", &Config::tls_client_ca, 0, 0, "PEM; who signs agents' certificates"},
    {"tls", "client_ca_key", &Config::tls_client_ca_key, 0, 0,
     "PEM; lets the collector enrol agents"},
    {"store", "url", &Config::store_url, 0, 0,
     "sqlite:/path or postgresql://user@host/name; in state_directory if empty"},
    {"store", "connections", &Config::store_connections, 1, 256, "database connections"},
    {"retention", "alert_days", &Config::retention_alert_days, 1, 36500, "days alerts are kept"},
    {"retention", "activity_days", &Config::retention_activity_days, 1, 36500,
     "days activity records are kept"},
    {"retention", "audit_days", &Config::retention_audit_days, 1, 36500,
     "days the audit log is kept"},
    {"limits", "connections", &Config::limit_connections, 16, 1'000'000, "open TLS connections"},
    {"limits", "ingest_mib", &Config::limit_ingest_mib, 1, 1024, "largest batch as sent, MiB"},
    {"limits", "queued_records", &Config::limit_queued_records, 1000, 10'000'000,
     "records waiting for the store"},
    {"limits", "requests_per_second", &Config::limit_requests_per_second, 1, 1'000'000,
     "of one person or program, deliveries apart; ten times as many in a burst"},
    {"metrics", "open_on_loopback", &Config::metrics_on_loopback, kNoMin, 0,
     "/metrics without credentials from this host"},
    {"policy", "signing_key", &Config::policy_signing_key, 0, 0,
     "PEM, Ed25519; signs agents' policies; replicas share it; made in state_directory/pki if "
     "empty"},
    {"fleet", "fingerprint_key", &Config::fleet_fingerprint_key, 0, 0,
     "64 hexadecimal digits; the key of all agents' fingerprints of secrets; replicas share it; "
     "made in state_directory/pki if empty"},
    {"oidc", "issuer", &Config::oidc_issuer, 0, 0,
     "URL of the identity provider; no such login if empty"},
    {"oidc", "client_id", &Config::oidc_client_id, 0, 0, "as the provider knows this collector"},
    {"oidc", "client_secret_file", &Config::oidc_client_secret_file, 0, 0,
     "its first line is the secret; a public client if empty"},
    {"oidc", "redirect_url", &Config::oidc_redirect_url, 0, 0,
     "https://PORTAL/api/v1/sessions/oidc/callback, as registered at the provider"},
    {"oidc", "label", &Config::oidc_label, 0, 0, "what the button on the login page names"},
    {"oidc", "ca", &Config::oidc_ca, 0, 0, "PEM; who signs the provider's certificate"},
    {"oidc", "groups_claim", &Config::oidc_groups_claim, 0, 0,
     "claim of the ID token that holds a person's groups"},
    {"oidc", "admin_groups", &Config::oidc_admin_groups, 0, 0, "groups of administrators: a, b"},
    {"oidc", "analyst_groups", &Config::oidc_analyst_groups, 0, 0, "groups of analysts"},
    {"oidc", "viewer_groups", &Config::oidc_viewer_groups, 0, 0, "groups of viewers"},
});

std::string known_keys(std::string_view section) {
  std::vector<std::string_view> names;
  for (const Field& field : kFields) {
    if (field.section == section) names.push_back(field.name);
    const bool is_section = section.empty() && !field.section.empty();
    if (is_section && std::find(names.begin(), names.end(), field.section) == names.end()) {
      names.push_back(field.section);
    }
  }
  if (section.empty()) names.emplace_back("exports");
  return fmt::format("{}", fmt::join(names, ", "));
}

// What is wrong with `text` for this field, or "".
std::string assign(const Field& field, const std::string& text, Config& config) {
  if (const auto* member = std::get_if<std::string Config::*>(&field.member)) {
    config.*(*member) = text;
    return {};
  }
  if (const auto* member = std::get_if<bool Config::*>(&field.member)) {
    if (text != "true" && text != "false") return "must be true or false";
    config.*(*member) = text == "true";
    return {};
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < field.min ||
      value > field.max) {
    return fmt::format("must be an integer from {} to {}", field.min, field.max);
  }
  config.*std::get<int64_t Config::*>(field.member) = value;
  return {};
}

// Walks the document and keeps every problem, each with its place.
class FileReader {
 public:
  FileReader(std::string path, Config& config) : path_(std::move(path)), config_(config) {}

  Status read(const YAML::Node& root) {
    if (!root.IsNull()) read_section(root, "");
    if (problems_.empty()) return {};
    return fail(problems_.text());
  }

 private:
  void read_section(const YAML::Node& map, std::string_view section) {
    if (!map.IsMap()) {
      return at(map, fmt::format("'{}' must be a mapping", section.empty() ? "file" : section));
    }
    std::vector<std::string> seen;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        at(entry.first, "a key must be a plain word");
        continue;
      }
      const std::string& key = entry.first.Scalar();
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
        at(entry.first, fmt::format("key '{}' stands twice", key));
        continue;
      }
      seen.push_back(key);
      read_entry(entry.first, entry.second, section, key);
    }
  }

  void read_entry(const YAML::Node& key_node, const YAML::Node& value, std::string_view section,
                  const std::string& key) {
    if (section.empty() && key == "exports") {
      auto exports = read_exports(path_, value);
      if (!exports.ok()) return problems_.add(exports.error().message);
      config_.exports = std::move(*exports);
      return;
    }
    const bool is_section =
        section.empty() && std::any_of(kFields.begin(), kFields.end(),
                                       [&](const Field& field) { return field.section == key; });
    if (is_section) {
      if (!value.IsNull()) read_section(value, key);
      return;
    }
    const auto* field = std::find_if(kFields.begin(), kFields.end(), [&](const Field& candidate) {
      return candidate.section == section && candidate.name == key;
    });
    if (field == kFields.end()) {
      return at(key_node,
                fmt::format("unknown key '{}'{}; known: {}", key,
                            section.empty() ? std::string() : fmt::format(" in '{}'", section),
                            known_keys(section)));
    }
    if (value.IsNull()) return;
    if (!value.IsScalar())
      return at(value, fmt::format("'{}' must be a plain value", field->path()));
    if (const std::string wrong = assign(*field, value.Scalar(), config_); !wrong.empty()) {
      return at(value, fmt::format("'{}' {}", field->path(), wrong));
    }
  }

  void at(const YAML::Node& node, const std::string& message) {
    const YAML::Mark mark = node.Mark();
    problems_.add(fmt::format("{}:{}:{}: {}", path_, mark.line + 1, mark.column + 1, message));
  }

  std::string path_;
  Config& config_;
  config::Problems problems_;
};

Status read_file(const std::string& path, Config& config) {
  std::ifstream file(path);
  if (!file) return fail_errno(fmt::format("cannot open the configuration '{}'", path), errno);
  try {
    return FileReader(path, config).read(YAML::Load(file));
  } catch (const YAML::Exception& error) {
    return fail(
        fmt::format("{}:{}:{}: {}", path, error.mark.line + 1, error.mark.column + 1, error.msg));
  }
}

std::string variable_name(const Field& field) {
  std::string name = "SONDE_COLLECTOR_" + field.path();
  for (char& c : name) c = c == '.' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

// Rules that concern more than one key.
std::string contradiction(const Config& config) {
  if (config.tls_certificate.empty() != config.tls_key.empty()) {
    return "tls.certificate and tls.key belong together: set both or none";
  }
  if (!config.tls_client_ca_key.empty() && config.tls_client_ca.empty()) {
    return "tls.client_ca_key needs tls.client_ca";
  }
  constexpr std::array kLevels = {"debug", "info", "warn", "error"};
  if (std::find(kLevels.begin(), kLevels.end(), config.log_level) == kLevels.end()) {
    return "log_level must be debug, info, warn or error";
  }
  if (!config.oidc_issuer.empty() &&
      (config.oidc_client_id.empty() || config.oidc_redirect_url.empty())) {
    return "oidc.issuer needs oidc.client_id and oidc.redirect_url";
  }
  const std::string store = config.store();
  if (!store.starts_with("sqlite:") && !store.starts_with("postgresql://") &&
      !store.starts_with("postgres://")) {
    return "store.url must begin with sqlite: or postgresql://";
  }
  return {};
}

}  // namespace

std::vector<std::string> variable_names() {
  std::vector<std::string> names;
  for (const Field& field : kFields) names.push_back(variable_name(field));
  return names;
}

Result<Config> load_config(const std::string& path, const Environment& environment) {
  Config config;
  if (!path.empty()) {
    if (const Status read = read_file(path, config); !read.ok()) {
      return tl::unexpected<Error>(read.error());
    }
  }
  for (const Field& field : kFields) {
    const std::string name = variable_name(field);
    const auto value = environment(name);
    if (!value) continue;
    if (const std::string wrong = assign(field, *value, config); !wrong.empty()) {
      return fail(fmt::format("environment variable {}: {}", name, wrong));
    }
  }
  if (const std::string wrong = contradiction(config); !wrong.empty()) {
    return fail(path.empty() ? wrong : fmt::format("{}: {}", path, wrong));
  }
  return config;
}

std::string example_config() {
  const Config defaults;
  std::string text = "# Configuration of sonde-collector. Every key is optional.\n";
  std::string_view section;
  for (const Field& field : kFields) {
    if (field.section != section) {
      section = field.section;
      fmt::format_to(std::back_inserter(text), "{}:\n", section);
    }
    std::string value;
    if (const auto* member = std::get_if<std::string Config::*>(&field.member)) {
      value = fmt::format("\"{}\"", defaults.*(*member));
    } else if (const auto* flag = std::get_if<bool Config::*>(&field.member)) {
      value = defaults.*(*flag) ? "true" : "false";
    } else {
      value = fmt::format("{}", defaults.*std::get<int64_t Config::*>(field.member));
    }
    fmt::format_to(std::back_inserter(text), "{}# {}\n{}{}: {}\n", section.empty() ? "" : "  ",
                   field.help, section.empty() ? "" : "  ", field.name, value);
  }
  text += example_exports();
  return text;
}

}  // namespace sonde::collector
