#include "agent/egress/target_yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace sonde::egress {
namespace {

constexpr size_t kProperties = 100;

std::string read_properties(const YAML::Node& value, TargetConfig& config) {
  if (!value.IsMap() || value.size() > kProperties) {
    return fmt::format("'properties' must be a mapping of at most {} entries", kProperties);
  }
  for (const auto& entry : value) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
      return "'properties' must map words to plain values";
    }
    config.properties[entry.first.Scalar()] = entry.second.Scalar();
  }
  return {};
}

}  // namespace

std::string assign_target(const std::string& key, const YAML::Node& value, TargetConfig& config,
                          bool& unknown) {
  unknown = false;
  if (key == "properties") return read_properties(value, config);
  std::string* const member = text_member(config, key);
  if (member == nullptr) {
    unknown = true;
    return {};
  }
  if (!value.IsScalar()) return fmt::format("'{}' must be a plain value", key);
  *member = value.Scalar();
  return {};
}

std::string render_target(const TargetConfig& config,
                          const std::map<std::string, std::string>& more) {
  YAML::Emitter out;
  out << YAML::Flow << YAML::BeginMap;
  TargetConfig copy = config;
  for (const char* key :
       {"name", "type", "url", "ca", "certificate", "key", "secret_file", "brokers", "topic"}) {
    const std::string& value = *text_member(copy, key);
    if (!value.empty()) out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << value;
  }
  for (const auto& [key, value] : more) out << YAML::Key << key << YAML::Value << value;
  for (const auto& [name, value] : config.properties) {
    out << YAML::Key << "properties." + name << YAML::Value << "set";
  }
  out << YAML::EndMap;
  return out.c_str();
}

}  // namespace sonde::egress
