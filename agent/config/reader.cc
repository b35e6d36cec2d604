#include "agent/config/reader.h"

#include <algorithm>
#include <set>

#include <yaml-cpp/yaml.h>

#include "agent/config/judges.h"
#include "agent/config/spelling.h"
#include "agent/config/targets.h"

namespace sonde::config {
namespace {

// Goes through the document along the known keys, so its depth is theirs, not the file's.
class Reader {
 public:
  Reader(std::string name, std::vector<Field>& fields, Problems& problems)
      : name_(std::move(name)), fields_(fields), problems_(problems) {}

  void read_section(const YAML::Node& section, const std::string& prefix) {
    if (section.IsNull()) return;
    if (!section.IsMap()) {
      return report(section, fmt::format("{} must be a mapping", where(prefix)));
    }
    std::set<std::string> seen;
    for (const auto& entry : section) {
      if (!entry.first.IsScalar()) {
        report(entry.first, "a key must be a plain word");
      } else if (!seen.insert(entry.first.Scalar()).second) {
        report(entry.first, fmt::format("key '{}' stands twice", entry.first.Scalar()));
      } else {
        read_entry(entry.first, entry.second, prefix);
      }
    }
  }

 private:
  static std::string where(const std::string& prefix) {
    return prefix.empty() ? "the file" : fmt::format("'{}'", prefix.substr(0, prefix.size() - 1));
  }

  void read_entry(const YAML::Node& key, const YAML::Node& value, const std::string& prefix) {
    const std::string path = prefix + key.Scalar();
    const std::string inner = path + ".";
    const bool is_word = key.Scalar().find('.') == std::string::npos;
    for (Field& field : fields_) {
      if (!is_word) break;
      if (field.path == path) return read_field(field, value);
      if (field.path.starts_with(inner)) return read_section(value, inner);
    }
    const auto known = known_keys(prefix);
    report(key, fmt::format("unknown key '{}' in {}{} known: {}", key.Scalar(), where(prefix),
                            meant(key.Scalar(), known), fmt::join(known, ", ")));
  }

  void read_field(Field& field, const YAML::Node& value) {
    if (value.IsNull()) return;
    field.origin = fmt::format("{}:{}", name_, value.Mark().line + 1);
    const ReportAt report_at = [this](const YAML::Node& node, const std::string& wrong) {
      report(node, wrong);
    };
    if (auto* const* targets = std::get_if<std::vector<TargetOutput>*>(&field.target)) {
      return read_targets(value, **targets, report_at);
    }
    if (auto* const* judges = std::get_if<std::vector<RemoteJudge>*>(&field.target)) {
      return read_judges(value, **judges, report_at);
    }
    if (!field.is_list()) {
      if (!value.IsScalar()) return report(value, field, "must be a plain value");
      return take(field, value);
    }
    if (!value.IsSequence()) return report(value, field, "must be a list");
    clear_list(field);
    for (const auto& element : value) {
      if (!element.IsScalar()) return report(element, field, "must hold plain values");
      take(field, element);
    }
  }

  void take(const Field& field, const YAML::Node& value) {
    if (const std::string wrong = assign(field, value.Scalar()); !wrong.empty()) {
      report(value, field, wrong);
    }
  }

  // Of the section, in the order of the example file.
  std::vector<std::string_view> known_keys(const std::string& prefix) const {
    std::vector<std::string_view> keys;
    for (const Field& field : fields_) {
      if (!field.path.starts_with(prefix)) continue;
      const std::string_view rest = field.path.substr(prefix.size());
      const std::string_view key = rest.substr(0, rest.find('.'));
      if (keys.empty() || keys.back() != key) keys.push_back(key);
    }
    return keys;
  }

  void report(const YAML::Node& node, const Field& field, const std::string& wrong) {
    report(node, fmt::format("'{}' {}", field.path, wrong));
  }
  void report(const YAML::Node& node, const std::string& problem) {
    const YAML::Mark mark = node.Mark();
    problems_.add(fmt::format("{}:{}:{}: {}", name_, mark.line + 1, mark.column + 1, problem));
  }

  std::string name_;
  std::vector<Field>& fields_;
  Problems& problems_;
};

}  // namespace

void read_document_section(const YAML::Node& section, const std::string& name,
                           std::vector<Field>& fields, Problems& problems) {
  Reader(name, fields, problems).read_section(section, "");
}

void read_document(const std::string& text, const std::string& name, std::vector<Field>& fields,
                   Problems& problems) {
  if (text.size() > kFileBytes) return problems.add(name + ": the file is longer than 1 MiB");
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) return problems.add(name + ": the file holds more than one document");
    if (!documents.empty()) read_document_section(documents[0], name, fields, problems);
  } catch (const YAML::Exception& error) {
    problems.add(
        fmt::format("{}:{}:{}: {}", name, error.mark.line + 1, error.mark.column + 1, error.msg));
  }
}

void read_value(Field& field, std::string_view text, const std::string& origin,
                Problems& problems) {
  field.origin = origin;
  const auto take = [&](std::string_view element) {
    const std::string wrong = assign(field, element);
    if (!wrong.empty()) problems.add(fmt::format("{}: '{}' {}", origin, field.path, wrong));
  };
  if (auto* const* targets = std::get_if<std::vector<TargetOutput>*>(&field.target)) {
    return read_mappings(text, origin, problems,
                         [&](const YAML::Node& list, const ReportAt& report) {
                           read_targets(list, **targets, report);
                         });
  }
  if (auto* const* judges = std::get_if<std::vector<RemoteJudge>*>(&field.target)) {
    return read_mappings(text, origin, problems,
                         [&](const YAML::Node& list, const ReportAt& report) {
                           read_judges(list, **judges, report);
                         });
  }
  if (!field.is_list()) return take(text);
  clear_list(field);
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace sonde::config
