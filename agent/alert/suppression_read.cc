// Suppression files: YAML, with every problem named by file and line.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "agent/alert/names.h"
#include "agent/alert/suppression.h"
#include "agent/detect/fingerprint.h"

namespace sonde::alert {
namespace {

constexpr size_t kMostProblems = 20;

struct Condition {
  std::string_view key;
  std::vector<std::string> Suppression::* values;
};
constexpr auto kConditions = std::to_array<Condition>({
    {"alert", &Suppression::alerts},
    {"detector", &Suppression::detectors},
    {"subtype", &Suppression::subtypes},
    {"application", &Suppression::applications},
    {"exe", &Suppression::executables},
    {"cmdline", &Suppression::command_lines},
    {"host", &Suppression::hosts},
    {"user", &Suppression::users},
    {"zone", &Suppression::zones},
    {"fingerprint", &Suppression::fingerprints},
    {"value", &Suppression::values},
});

// The midnight (UTC) that begins a day, as "2027-01-31".
std::optional<WallTime> day_of(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto read = [&](size_t at, size_t size, auto& value) {
    const char* const end = text.data() + at + size;
    const auto [rest, error] = std::from_chars(text.data() + at, end, value);
    return error == std::errc() && rest == end;
  };
  if (!read(0, 4, year) || !read(5, 2, month) || !read(8, 2, day)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(date).time_since_epoch());
}

class Reader {
 public:
  explicit Reader(const std::string& key) : key_(key) {}

  void read_file(const std::string& file) {
    file_ = file;
    try {
      const YAML::Node root = YAML::LoadFile(file);
      if (!root.IsMap() || !root["suppressions"] || root.size() != 1) {
        return problem(root, "must hold one key, 'suppressions'");
      }
      if (!root["suppressions"].IsSequence()) {
        return problem(root["suppressions"], "'suppressions' must be a list");
      }
      for (const auto& entry : root["suppressions"]) read_rule(entry);
    } catch (const YAML::BadFile&) {
      problems_.push_back(
          fmt::format("cannot open '{}': does it exist and may you read it?", file));
    } catch (const YAML::Exception& error) {
      problems_.push_back(fmt::format("{}:{}: {}", file, error.mark.line + 1, error.msg));
    }
  }

  Result<std::vector<Suppression>> take() {
    if (problems_.empty()) return std::move(rules_);
    std::string all;
    for (size_t i = 0; i < std::min(problems_.size(), kMostProblems); ++i) {
      all += (i == 0 ? "" : "\n") + problems_[i];
    }
    return fail(all);
  }

 private:
  void problem(const YAML::Node& node, const std::string& what) {
    problems_.push_back(fmt::format("{}:{}: {}", file_, node.Mark().line + 1, what));
  }

  void read_rule(const YAML::Node& node) {
    if (!node.IsMap()) return problem(node, "a suppression must be a mapping");
    if (rules_.size() >= Suppressions::kMost) return problem(node, "too many suppressions");
    Suppression rule;
    size_t conditions = 0;
    for (const auto& entry : node) conditions += read_key(entry.first, entry.second, rule);
    if (rule.name.empty()) problem(node, "'name' is missing");
    if (rule.reason.empty()) problem(node, "'reason' is missing: say why this is no trouble");
    if (conditions == 0) problem(node, "has no condition: it would suppress everything");
    if (!rule.name.empty() && !names_.insert(rule.name).second) {
      problem(node, fmt::format("the name '{}' is taken", rule.name));
    }
    // What is allowed stays a secret, here too.
    for (const std::string& value : rule.values) {
      rule.fingerprints.push_back(detect::fingerprint(key_, value));
    }
    rules_.push_back(std::move(rule));
  }

  // How many conditions it sets.
  size_t read_key(const YAML::Node& key, const YAML::Node& value, Suppression& rule) {
    const auto name = key.as<std::string>();
    if (name == "name" || name == "reason") {
      (name == "name" ? rule.name : rule.reason) = text_of(value);
      return 0;
    }
    if (name == "expires") {
      rule.expires = day_of(text_of(value));
      if (!rule.expires) problem(value, "'expires' must be a day, as 2027-01-31");
      return 0;
    }
    const auto condition = std::find_if(kConditions.begin(), kConditions.end(),
                                        [&](const Condition& one) { return one.key == name; });
    if (condition == kConditions.end()) {
      problem(key, fmt::format("unknown key '{}'", name));
      return 0;
    }
    std::vector<std::string>& values = rule.*condition->values;
    if (value.IsSequence()) {
      for (const auto& one : value) values.push_back(text_of(one));
    } else {
      values.push_back(text_of(value));
    }
    if (name == "zone") check_zones(value, values);
    return 1;
  }

  std::string text_of(const YAML::Node& node) {
    std::string text = node.IsScalar() ? node.as<std::string>() : std::string();
    if (text.empty()) problem(node, "must be a text that is not empty");
    return text;
  }

  void check_zones(const YAML::Node& node, const std::vector<std::string>& zones) {
    for (const std::string& zone : zones) {
      const bool known = std::any_of(kZones.begin(), kZones.end(),
                                     [&](llm::Zone one) { return zone_name(one) == zone; });
      if (!known) problem(node, "'zone' must be system, developer, user, assistant or tool");
    }
  }

  static constexpr auto kZones =
      std::to_array<llm::Zone>({llm::Zone::kSystem, llm::Zone::kDeveloper, llm::Zone::kUser,
                                llm::Zone::kAssistant, llm::Zone::kTool});

  const std::string& key_;
  std::string file_;
  std::set<std::string> names_;
  std::vector<std::string> problems_;
  std::vector<Suppression> rules_;
};

}  // namespace

Result<Suppressions> Suppressions::load(const std::vector<std::string>& files,
                                        const std::string& fingerprint_key) {
  Reader reader(fingerprint_key);
  for (const std::string& file : files) reader.read_file(file);
  auto rules = reader.take();
  if (!rules.ok()) return tl::unexpected(rules.error());
  Suppressions suppressions;
  suppressions.rules_ = std::move(*rules);
  return suppressions;
}

}  // namespace sonde::alert
