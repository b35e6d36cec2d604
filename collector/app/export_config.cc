#include "collector/app/export_config.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace sonde::collector {
namespace {

using exporting::TargetConfig;

struct TextKey {
  std::string_view name;
  std::string TargetConfig::* member;
};
constexpr auto kTextKeys = std::to_array<TextKey>({
    {"name", &TargetConfig::name},
    {"type", &TargetConfig::type},
    {"url", &TargetConfig::url},
    {"ca", &TargetConfig::ca},
    {"certificate", &TargetConfig::certificate},
    {"key", &TargetConfig::key},
    {"secret_file", &TargetConfig::secret_file},
    {"brokers", &TargetConfig::brokers},
    {"topic", &TargetConfig::topic},
});
struct FlagKey {
  std::string_view name;
  bool TargetConfig::* member;
};
constexpr auto kFlagKeys = std::to_array<FlagKey>({
    {"alerts", &TargetConfig::alerts},
    {"incidents", &TargetConfig::incidents},
    {"suppressed", &TargetConfig::suppressed},
    {"from_now", &TargetConfig::from_now},
});
constexpr std::string_view kKnown =
    "name, type, url, ca, certificate, key, secret_file, brokers, topic, properties, "
    "min_severity, alerts, incidents, suppressed, from_now";

tl::unexpected<Error> at(const std::string& path, const YAML::Node& node,
                         const std::string& message) {
  const YAML::Mark mark = node.Mark();
  return fail(fmt::format("{}:{}:{}: {}", path, mark.line + 1, mark.column + 1, message));
}

// What is wrong with `value` for `key`, or "".
std::string assign(const std::string& key, const YAML::Node& value, TargetConfig& config) {
  if (key == "properties") {
    if (!value.IsMap()) return "'properties' must be a mapping";
    for (const auto& entry : value) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
        return "'properties' must map words to plain values";
      }
      config.properties[entry.first.Scalar()] = entry.second.Scalar();
    }
    return {};
  }
  if (!value.IsScalar()) return fmt::format("'{}' must be a plain value", key);
  const std::string& text = value.Scalar();
  for (const TextKey& known : kTextKeys) {
    if (known.name == key) {
      config.*known.member = text;
      return {};
    }
  }
  for (const FlagKey& known : kFlagKeys) {
    if (known.name != key) continue;
    if (text != "true" && text != "false") return fmt::format("'{}' must be true or false", key);
    config.*known.member = text == "true";
    return {};
  }
  if (key == "min_severity") {
    const auto severity = store::severity_from(text);
    if (!severity) return "'min_severity' is none of the severities";
    config.min_severity = *severity;
    return {};
  }
  return fmt::format("unknown key '{}' in 'exports'; known: {}", key, kKnown);
}

std::string contradiction(const TargetConfig& config) {
  if (config.name.empty() || config.name.size() > 64 ||
      config.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") !=
          std::string::npos) {
    return "an export needs a name of a-z, 0-9, - and _: its place is kept under it";
  }
  constexpr std::array kTypes = {"webhook", "syslog", "kafka", "otlp"};
  if (std::find(kTypes.begin(), kTypes.end(), config.type) == kTypes.end()) {
    return "type must be webhook, syslog, kafka or otlp";
  }
  const bool kafka = config.type == "kafka";
  if (kafka && (config.brokers.empty() || config.topic.empty())) {
    return "kafka needs brokers and topic";
  }
  if (!kafka && config.url.empty()) return "url is missing";
  if (config.certificate.empty() != config.key.empty())
    return "certificate and key belong together";
  return {};
}

}  // namespace

Result<std::vector<TargetConfig>> read_exports(const std::string& path, const YAML::Node& list) {
  std::vector<TargetConfig> exports;
  if (list.IsNull()) return exports;
  if (!list.IsSequence()) return at(path, list, "'exports' must be a list");
  std::set<std::string> names;
  for (const YAML::Node& entry : list) {
    if (!entry.IsMap()) return at(path, entry, "an export must be a mapping");
    TargetConfig config;
    std::set<std::string> seen;
    for (const auto& member : entry) {
      if (!member.first.IsScalar()) return at(path, member.first, "a key must be a plain word");
      const std::string& key = member.first.Scalar();
      if (!seen.insert(key).second) {
        return at(path, member.first, fmt::format("key '{}' stands twice", key));
      }
      if (const std::string wrong = assign(key, member.second, config); !wrong.empty()) {
        return at(path, member.first, wrong);
      }
    }
    if (const std::string wrong = contradiction(config); !wrong.empty()) {
      return at(path, entry, wrong);
    }
    if (!names.insert(config.name).second) {
      return at(path, entry, fmt::format("there is an export '{}' already", config.name));
    }
    exports.push_back(std::move(config));
  }
  return exports;
}

std::string_view example_exports() {
  return R"(# Where alerts and incidents are sent, each from a place of its own in the store.
# exports:
#   - name: soar              # its place is kept under this name
#     type: webhook           # signed as Standard Webhooks describes
#     url: https://soar.example.com/hooks/sonde
#     secret_file: /etc/sonde/webhook.secret
#     min_severity: medium
#   - name: siem
#     type: syslog            # RFC 5424 with CEF inside
#     url: tls://siem.example.com:6514
#     ca: /etc/sonde/siem-ca.crt
#   - name: lake
#     type: kafka
#     brokers: kafka-1:9093,kafka-2:9093
#     topic: sonde
#     properties: {security.protocol: SSL, ssl.ca.location: /etc/sonde/kafka-ca.crt}
#   - name: otel
#     type: otlp
#     url: https://otel.example.com:4318/v1/logs
#     incidents: false
#     from_now: true          # leave out what is stored already
)";
}

}  // namespace sonde::collector
