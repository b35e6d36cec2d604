#include "agent/config/policy.h"

#include <algorithm>
#include <array>

#include <yaml-cpp/yaml.h>

#include "agent/config/fields.h"
#include "agent/config/problems.h"
#include "agent/config/reader.h"

namespace sonde::config {
namespace {

constexpr auto kKeys = std::to_array<std::string_view>({
    "capture.allow.exes",
    "capture.allow.uids",
    "capture.allow.ports",
    "capture.allow.cgroups",
    "capture.allow.namespaces",
    "capture.allow.pod_labels",
    "capture.deny.exes",
    "capture.deny.uids",
    "capture.deny.ports",
    "capture.deny.cgroups",
    "capture.deny.namespaces",
    "capture.deny.pod_labels",
    "detect.allowed_providers",
    "detect.allowed_models",
    "detect.disabled_alerts",
    "detect.evidence",
    "detect.merge_seconds",
});

// What a file's name stands for.
struct PolicyFile {
  std::string_view name;
  std::string_view key;
};
constexpr auto kFiles = std::to_array<PolicyFile>({
    {"rules", "detect.rule_files"},
    {"suppressions", "detect.suppression_files"},
    {"indicators", "detect.indicator_files"},
    {"tor_exits", "detect.tor_exit_files"},
    {"suspicious_ips", "detect.suspicious_ip_files"},
});
constexpr auto kFileNames = [] {
  std::array<std::string_view, kFiles.size()> names{};
  for (size_t i = 0; i < kFiles.size(); ++i) names[i] = kFiles[i].name;
  return names;
}();

std::string at(const std::string& name, const YAML::Node& node, const std::string& problem) {
  return fmt::format("{}:{}:{}: {}", name, node.Mark().line + 1, node.Mark().column + 1, problem);
}

std::vector<Field> fields_for_policy(Config& config) {
  std::vector<Field> fields = fields_of(config);
  std::erase_if(fields, [](const Field& field) {
    return std::find(kKeys.begin(), kKeys.end(), field.path) == kKeys.end();
  });
  return fields;
}

void read_files(const YAML::Node& files, const std::string& name, Policy& policy,
                Problems& problems) {
  if (files.IsNull()) return;
  if (!files.IsMap()) return problems.add(at(name, files, "'files' must be a mapping"));
  for (const auto& entry : files) {
    const bool known =
        entry.first.IsScalar() &&
        std::find(kFileNames.begin(), kFileNames.end(), entry.first.Scalar()) != kFileNames.end();
    if (!known) {
      problems.add(at(name, entry.first,
                      fmt::format("unknown file; known: {}", fmt::join(kFileNames, ", "))));
    } else if (!entry.second.IsScalar()) {
      problems.add(at(name, entry.second, "the text of a file is expected, after '|'"));
    } else {
      policy.files[entry.first.Scalar()] = entry.second.Scalar();
    }
  }
}

// The keys' names, before read_section() judges the values.
void check_sections(const YAML::Node& root, const std::string& name, Policy& policy,
                    Problems& problems) {
  if (root.IsNull()) return;
  if (!root.IsMap()) return problems.add(at(name, root, "the policy must be a mapping"));
  std::vector<Field> fields = fields_for_policy(policy.settings);
  for (const auto& entry : root) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (key == "files") {
      read_files(entry.second, name, policy, problems);
    } else if (key == "settings") {
      read_document_section(entry.second, name, fields, problems);
    } else {
      problems.add(at(name, entry.first, "unknown key; known: settings, files"));
    }
  }
  for (const Field& field : fields) {
    if (field.origin != kDefaultOrigin) policy.keys.emplace_back(field.path);
  }
}

template <typename T>
void add_missing(std::vector<T>& list, const std::vector<T>& more) {
  for (const T& element : more) {
    if (std::find(list.begin(), list.end(), element) == list.end()) list.push_back(element);
  }
}

}  // namespace

std::span<const std::string_view> policy_keys() { return kKeys; }
std::span<const std::string_view> policy_files() { return kFileNames; }

Result<Policy> parse_policy(const std::string& text, const std::string& name) {
  Policy policy;
  Problems problems;
  if (text.size() > kFileBytes) return fail(name + ": the policy is longer than 1 MiB");
  try {
    check_sections(YAML::Load(text), name, policy, problems);
  } catch (const YAML::Exception& error) {
    problems.add(
        fmt::format("{}:{}:{}: {}", name, error.mark.line + 1, error.mark.column + 1, error.msg));
  }
  if (!problems.empty()) return fail(problems.text());
  return policy;
}

std::string policy_file_path(const std::string& directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

Config under_policy(const Config& local, const Policy& policy, const std::string& directory) {
  Config config = local;
  Config said = policy.settings;
  std::vector<Field> into = fields_of(config);
  std::vector<Field> from = fields_of(said);
  for (size_t i = 0; i < into.size(); ++i) {
    if (std::find(policy.keys.begin(), policy.keys.end(), into[i].path) == policy.keys.end()) {
      continue;
    }
    std::visit(
        [](auto* target, auto* value) {
          if constexpr (std::is_same_v<decltype(target), decltype(value)>) *target = *value;
        },
        into[i].target, from[i].target);
  }
  // The enumeration goes from the most to the least.
  if (!local.policy.may_raise_evidence) {
    config.detect.evidence = std::max(config.detect.evidence, local.detect.evidence);
  }
  add_missing(config.detect.disabled_alerts, local.detect.disabled_alerts);
  for (Field& field : into) {
    for (const PolicyFile& file : kFiles) {
      auto* const* list = std::get_if<std::vector<std::string>*>(&field.target);
      if (list == nullptr || field.path != file.key) continue;
      if (policy.files.contains(std::string(file.name))) {
        (*list)->push_back(policy_file_path(directory, file.name));
      }
    }
  }
  return config;
}

}  // namespace sonde::config
