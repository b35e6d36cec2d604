#include "collector/app/export_config.h"

#include <array>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "agent/egress/target_yaml.h"

namespace sonde::collector {
namespace {

using exporting::ExportConfig;

struct FlagKey {
  std::string_view name;
  bool ExportConfig::* member;
};
constexpr auto kFlagKeys = std::to_array<FlagKey>({
    {"alerts", &ExportConfig::alerts},
    {"incidents", &ExportConfig::incidents},
    {"suppressed", &ExportConfig::suppressed},
    {"from_now", &ExportConfig::from_now},
});

tl::unexpected<Error> at(const std::string& path, const YAML::Node& node,
                         const std::string& message) {
  const YAML::Mark mark = node.Mark();
  return fail(fmt::format("{}:{}:{}: {}", path, mark.line + 1, mark.column + 1, message));
}

// What is wrong with `value` for `key`, or "".
std::string assign(const std::string& key, const YAML::Node& value, ExportConfig& config) {
  bool unknown = false;
  std::string wrong = egress::assign_target(key, value, config.target, unknown);
  if (!unknown) return wrong;
  if (!value.IsScalar()) return fmt::format("'{}' must be a plain value", key);
  const std::string& text = value.Scalar();
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
  return fmt::format(
      "unknown key '{}' in 'exports'; known: {}, min_severity, alerts, incidents, suppressed, "
      "from_now",
      key, egress::kTargetKeys);
}

}  // namespace

Result<std::vector<ExportConfig>> read_exports(const std::string& path, const YAML::Node& list) {
  std::vector<ExportConfig> exports;
  if (list.IsNull()) return exports;
  if (!list.IsSequence()) return at(path, list, "'exports' must be a list");
  std::set<std::string> names;
  for (const YAML::Node& entry : list) {
    if (!entry.IsMap()) return at(path, entry, "an export must be a mapping");
    ExportConfig config;
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
    if (const std::string wrong = egress::contradiction(config.target); !wrong.empty()) {
      return at(path, entry, wrong);
    }
    if (!names.insert(config.name()).second) {
      return at(path, entry, fmt::format("there is an export '{}' already", config.name()));
    }
    const YAML::Mark mark = entry.Mark();
    config.place = fmt::format("{}:{}:{}", path, mark.line + 1, mark.column + 1);
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
