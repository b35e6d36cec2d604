#include "agent/config/targets.h"

#include <array>
#include <set>

#include <yaml-cpp/yaml.h>

#include "agent/config/fields.h"
#include "agent/egress/target_yaml.h"

namespace sonde::config {
namespace {

constexpr size_t kTargets = 64;

// What is wrong with the value of `key`, or "".
std::string assign_one(const std::string& key, const YAML::Node& value, TargetOutput& output) {
  bool unknown = false;
  std::string wrong = egress::assign_target(key, value, output.target, unknown);
  if (!unknown) return wrong;
  const std::array<Field, 2> own = {{
      {"min_severity", &output.min_severity, "", 0, 0, "informational|low|medium|high|critical"},
      {"max_bytes", &output.max_bytes, "", 1 << 20, uint64_t{1} << 40},
  }};
  for (const Field& field : own) {
    if (field.path != key) continue;
    if (!value.IsScalar()) return fmt::format("'{}' must be a plain value", key);
    wrong = assign(field, value.Scalar());
    return wrong.empty() ? wrong : fmt::format("'{}' {}", key, wrong);
  }
  return fmt::format("unknown key '{}' in 'sinks.targets'; known: {}, min_severity, max_bytes", key,
                     egress::kTargetKeys);
}

void read_one(const YAML::Node& entry, TargetOutput& output, const ReportAt& report) {
  std::set<std::string> seen;
  for (const auto& member : entry) {
    if (!member.first.IsScalar()) {
      report(member.first, "a key must be a plain word");
      continue;
    }
    const std::string& key = member.first.Scalar();
    std::string wrong = seen.insert(key).second ? assign_one(key, member.second, output)
                                                : fmt::format("key '{}' stands twice", key);
    if (!wrong.empty()) report(member.first, wrong);
  }
  if (const std::string wrong = egress::contradiction(output.target); !wrong.empty()) {
    report(entry, "sinks.targets: " + wrong);
  }
}

}  // namespace

void read_targets(const YAML::Node& list, std::vector<TargetOutput>& targets,
                  const ReportAt& report) {
  targets.clear();
  if (!list.IsSequence()) return report(list, "'sinks.targets' must be a list");
  if (list.size() > kTargets) return report(list, "'sinks.targets' has too many elements");
  std::set<std::string> names;
  for (const YAML::Node& entry : list) {
    if (!entry.IsMap()) {
      report(entry, "an element of 'sinks.targets' must be a mapping");
      continue;
    }
    TargetOutput output;
    read_one(entry, output, report);
    if (!names.insert(output.target.name).second) {
      report(entry, fmt::format("there is a target '{}' already", output.target.name));
    }
    targets.push_back(std::move(output));
  }
}

void read_mappings(std::string_view text, const std::string& origin, Problems& problems,
                   const std::function<void(const YAML::Node&, const ReportAt&)>& read) {
  try {
    read(YAML::Load(std::string(text)), [&](const YAML::Node&, const std::string& wrong) {
      problems.add(fmt::format("{}: {}", origin, wrong));
    });
  } catch (const YAML::Exception& error) {
    problems.add(fmt::format("{}: {}", origin, error.msg));
  }
}

std::string render_targets(const std::vector<TargetOutput>& targets) {
  const TargetOutput usual;
  std::string out = "[";
  for (const TargetOutput& output : targets) {
    std::map<std::string, std::string> own;
    if (output.min_severity != usual.min_severity) own["min_severity"] = output.min_severity;
    if (output.max_bytes != usual.max_bytes) own["max_bytes"] = std::to_string(output.max_bytes);
    if (out.size() > 1) out += ", ";
    out += egress::render_target(output.target, own);
  }
  return out + "]";
}

}  // namespace sonde::config
