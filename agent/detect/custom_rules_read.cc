#include "agent/detect/custom_rules_read.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace sonde::detect {

namespace {

struct FieldName {
  std::string_view name;
  RuleField field;
};
constexpr auto kFields = std::to_array<FieldName>({{"text", RuleField::kText},
                                                   {"zone", RuleField::kZone},
                                                   {"tool", RuleField::kTool},
                                                   {"model", RuleField::kModel},
                                                   {"provider", RuleField::kProvider},
                                                   {"operation", RuleField::kOperation},
                                                   {"process.exe", RuleField::kExecutable},
                                                   {"container.image", RuleField::kImage},
                                                   {"k8s.namespace", RuleField::kNamespace},
                                                   {"network.host", RuleField::kHost},
                                                   {"user.id", RuleField::kEndUser}});

constexpr size_t kMostValues = 10000;

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  // yaml-cpp throws; its exceptions end in read_custom_rules().
  Result<CustomRule> read(const YAML::Node& node) {
    CustomRule rule;
    if (!node.IsMap()) return error(node, "a rule must be a mapping");
    if (Status status = known_keys(node); !status.ok()) return tl::unexpected(status.error());
    rule.info.file = file_;
    for (const char* key : {"name", "title", "level"}) {
      if (!node[key] || !node[key].IsScalar())
        return error(node, fmt::format("'{}' is missing", key));
    }
    rule.info.name = node["name"].as<std::string>();
    rule.info.title = node["title"].as<std::string>();
    const bool plain = !rule.info.name.empty() &&
                       std::all_of(rule.info.name.begin(), rule.info.name.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                       });
    if (!plain) return error(node["name"], "'name' may hold a-z, 0-9 and '_' only");
    const auto severity = severity_of(node["level"].as<std::string>());
    if (!severity)
      return error(node["level"], "'level' must be informational, low, medium, high or critical");
    rule.info.severity = *severity;
    read_tags(node["tags"], rule.info);
    if (Status status = read_detection(node, rule); !status.ok())
      return tl::unexpected(status.error());
    if (Status status = read_tests(node["tests"], rule); !status.ok())
      return tl::unexpected(status.error());
    rule.info.tests = rule.tests.size();
    return rule;
  }

  tl::unexpected<Error> error(const YAML::Node& node, const std::string& what) const {
    return fail(fmt::format("{}:{}: {}", file_, node.Mark().line + 1, what));
  }

 private:
  Status known_keys(const YAML::Node& node) const {
    constexpr auto kKeys = std::to_array<std::string_view>(
        {"name", "title", "level", "description", "author", "date", "id", "status", "references",
         "tags", "detection", "tests", "falsepositives"});
    for (const auto& entry : node) {
      const auto key = entry.first.as<std::string>();
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
        return error(entry.first, fmt::format("unknown key '{}'", key));
      }
    }
    return {};
  }

  static std::optional<Severity> severity_of(std::string_view name) {
    for (const Severity severity : {Severity::kInformational, Severity::kLow, Severity::kMedium,
                                    Severity::kHigh, Severity::kCritical}) {
      if (to_string(severity) == name) return severity;
    }
    return std::nullopt;
  }

  // "AML.T0057" is a technique of ATLAS, "LLM02" and "ASI01" are of OWASP; other tags are ignored.
  static void read_tags(const YAML::Node& node, CustomRuleInfo& info) {
    if (!node || !node.IsSequence()) return;
    for (const auto& entry : node) {
      const auto tag = entry.as<std::string>();
      if (tag.starts_with("AML.T")) info.atlas.push_back(tag);
      if (tag.starts_with("LLM") || tag.starts_with("ASI")) info.owasp.push_back(tag);
    }
  }

  Status read_detection(const YAML::Node& node, CustomRule& rule) {
    const YAML::Node detection = node["detection"];
    if (!detection || !detection.IsMap()) return error(node, "'detection' is missing");
    for (const auto& entry : detection) {
      const auto name = entry.first.as<std::string>();
      if (name == "condition") continue;
      rule.names.push_back(name);
      auto selection = read_selection(entry.second);
      if (!selection.ok()) return tl::unexpected(selection.error());
      rule.selections.push_back(std::move(*selection));
    }
    const YAML::Node text = detection["condition"];
    if (!text || !text.IsScalar()) return error(detection, "'condition' is missing");
    auto condition = RuleCondition::parse(text.as<std::string>(), rule.names);
    if (!condition.ok()) return error(text, condition.error().message);
    rule.condition = std::move(*condition);
    return {};
  }

  Result<std::vector<std::vector<RuleTerm>>> read_selection(const YAML::Node& node) const {
    std::vector<std::vector<RuleTerm>> alternatives;
    const auto add = [&](const YAML::Node& map) -> Status {
      auto terms = read_terms(map);
      if (!terms.ok()) return tl::unexpected(terms.error());
      alternatives.push_back(std::move(*terms));
      return {};
    };
    if (node.IsSequence()) {
      for (const auto& entry : node) {
        if (Status status = add(entry); !status.ok()) return tl::unexpected(status.error());
      }
    } else if (Status status = add(node); !status.ok()) {
      return tl::unexpected(status.error());
    }
    return alternatives;
  }

  Result<std::vector<RuleTerm>> read_terms(const YAML::Node& map) const {
    if (!map.IsMap() || map.size() == 0)
      return error(map, "a selection must be a mapping of fields");
    std::vector<RuleTerm> terms;
    for (const auto& entry : map) {
      RuleTerm term;
      if (Status status = read_key(entry.first, term); !status.ok())
        return tl::unexpected(status.error());
      if (entry.second.IsScalar()) {
        term.values.push_back(entry.second.as<std::string>());
      } else if (entry.second.IsSequence() && entry.second.size() <= kMostValues) {
        for (const auto& value : entry.second) term.values.push_back(value.as<std::string>());
      }
      const bool bad = term.values.empty() || std::any_of(term.values.begin(), term.values.end(),
                                                          [](const auto& v) { return v.empty(); });
      if (bad) return error(entry.second, "a value or a list of values is missing");
      terms.push_back(std::move(term));
    }
    return terms;
  }

  // "text|contains|all"
  Status read_key(const YAML::Node& node, RuleTerm& term) const {
    const auto key = node.as<std::string>();
    std::string_view rest = key;
    const size_t bar = rest.find('|');
    const std::string_view name = rest.substr(0, bar);
    const auto* const field = std::find_if(
        kFields.begin(), kFields.end(), [&](const FieldName& entry) { return entry.name == name; });
    if (field == kFields.end()) return error(node, fmt::format("unknown field '{}'", name));
    term.field = field->field;
    term.match = term.field == RuleField::kText ? RuleMatch::kContains : RuleMatch::kEquals;
    rest.remove_prefix(std::min(bar, rest.size()));
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::string_view modifier = rest.substr(0, rest.find('|'));
      if (modifier == "contains")
        term.match = RuleMatch::kContains;
      else if (modifier == "startswith")
        term.match = RuleMatch::kStartsWith;
      else if (modifier == "endswith")
        term.match = RuleMatch::kEndsWith;
      else if (modifier == "re")
        term.match = RuleMatch::kRegex;
      else if (modifier == "all")
        term.all = true;
      else
        return error(node, fmt::format("unknown modifier '{}'", modifier));
      rest.remove_prefix(modifier.size());
    }
    if (term.match == RuleMatch::kRegex && term.field != RuleField::kText) {
      return error(node, "'re' is for the field 'text' only");
    }
    return {};
  }

  Status read_tests(const YAML::Node& node, CustomRule& rule) const {
    if (!node) return {};
    if (!node.IsSequence()) return error(node, "'tests' must be a list");
    for (const auto& entry : node) {
      if (!entry.IsMap() || !entry["text"] || !entry["match"]) {
        return error(entry, "a test needs 'text' and 'match'");
      }
      RuleTest test{.text = entry["text"].as<std::string>(),
                    .match = entry["match"].as<bool>(),
                    .line = entry.Mark().line + 1};
      if (entry["tool"]) test.tool = entry["tool"].as<std::string>();
      if (entry["zone"]) {
        const auto zone = entry["zone"].as<std::string>();
        bool found = false;
        for (const auto z : {llm::Zone::kSystem, llm::Zone::kDeveloper, llm::Zone::kUser,
                             llm::Zone::kAssistant, llm::Zone::kTool}) {
          if (llm::to_string(z) != zone) continue;
          test.zone = z;
          found = true;
        }
        if (!found) return error(entry["zone"], fmt::format("there is no zone '{}'", zone));
      }
      rule.tests.push_back(std::move(test));
    }
    return {};
  }

  std::string file_;
};

}  // namespace

Result<std::vector<CustomRule>> read_custom_rules(const std::string& file) {
  std::vector<CustomRule> rules;
  Reader reader(file);
  try {
    for (const YAML::Node& document : YAML::LoadAllFromFile(file)) {
      if (document.IsNull()) continue;
      auto rule = reader.read(document);
      if (!rule.ok()) return tl::unexpected(rule.error());
      rules.push_back(std::move(*rule));
    }
  } catch (const YAML::BadFile&) {
    return fail(fmt::format("cannot open '{}': does it exist and may you read it?", file));
  } catch (const YAML::Exception& exception) {
    return fail(fmt::format("{}:{}: {}", file, exception.mark.line + 1, exception.msg));
  }
  return rules;
}

}  // namespace sonde::detect
