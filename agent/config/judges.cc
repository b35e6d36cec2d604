#include "agent/config/judges.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "agent/config/fields.h"
#include "agent/egress/http_client.h"

namespace sonde::config {
namespace {

constexpr size_t kJudges = 16;
constexpr uint64_t kMany = 1'000'000'000;
// Azure AI Content Safety, "Input requirements": a prompt, or the documents together.
constexpr uint64_t kShieldCharacters = 10'000;

std::vector<Field> fields_of_judge(RemoteJudge& judge) {
  return {
      {"name", &judge.name, ""},
      {"type", &judge.type, "", 0, 0, "prompt_shields|openai"},
      {"url", &judge.url, ""},
      {"model", &judge.model, ""},
      {"secret_file", &judge.secret_file, "", 0, 0, {}, true},
      {"ca", &judge.ca, ""},
      {"api_version", &judge.api_version, ""},
      {"instructions", &judge.instructions, ""},
      {"parameters", &judge.parameters, ""},
      {"categories", &judge.categories, ""},
      {"zones", &judge.zones, "", 0, 0, "user|tool"},
      {"min_score", &judge.min_score, "", 0, 1},
      {"max_score", &judge.max_score, "", 0, 1},
      {"redact", &judge.redact, ""},
      {"characters", &judge.characters, "", 100, 30'000},
      {"requests_per_minute", &judge.requests_per_minute, "", 1, 6000},
      {"requests_per_day", &judge.requests_per_day, "", 1, kMany},
      {"characters_per_day", &judge.characters_per_day, "", 100, 1000 * kMany},
      {"timeout_seconds", &judge.timeout, "", 1, 300},
  };
}

std::string known_keys(const std::vector<Field>& fields) {
  std::vector<std::string_view> keys;
  for (const Field& field : fields) keys.push_back(field.path);
  return fmt::format("{}", fmt::join(keys, ", "));
}

std::string assign_one(const Field& field, const YAML::Node& value) {
  const auto take = [&](const YAML::Node& element) -> std::string {
    if (!element.IsScalar()) return "must hold plain values";
    return assign(field, element.Scalar());
  };
  if (!field.is_list()) return value.IsScalar() ? take(value) : "must be a plain value";
  if (!value.IsSequence()) return "must be a list";
  clear_list(field);
  for (const YAML::Node& element : value) {
    if (std::string wrong = take(element); !wrong.empty()) return wrong;
  }
  return {};
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == name.npos;
}

// What is missing or does not go together, or "".
std::string contradiction(const RemoteJudge& judge) {
  if (!is_name(judge.name)) return "a judge needs a name of a-z, 0-9, - and _: alerts name it";
  if (judge.type.empty()) return "type must be prompt_shields or openai";
  if (const std::string problem = egress::url_problem(judge.url); !problem.empty()) {
    return "url " + problem;
  }
  const bool shields = judge.type == "prompt_shields";
  if (shields && judge.secret_file.empty()) return "prompt_shields needs secret_file";
  if (shields && judge.characters > kShieldCharacters) {
    return fmt::format("prompt_shields takes {} characters at most", kShieldCharacters);
  }
  if (!shields && judge.model.empty()) return "openai needs model";
  if (judge.zones.empty()) return "zones must name user, tool, or both";
  if (judge.min_score > judge.max_score) return "min_score is above max_score";
  if (judge.characters_per_day < judge.characters) {
    return "characters_per_day is less than one request may have (characters)";
  }
  if (!judge.parameters.empty() &&
      !nlohmann::json::parse(judge.parameters, nullptr, false).is_object()) {
    return "parameters must be a JSON object";
  }
  return {};
}

void read_one(const YAML::Node& entry, RemoteJudge& judge, const ReportAt& report) {
  const std::vector<Field> fields = fields_of_judge(judge);
  std::set<std::string> seen;
  for (const auto& member : entry) {
    if (!member.first.IsScalar()) {
      report(member.first, "a key must be a plain word");
      continue;
    }
    const std::string& key = member.first.Scalar();
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& known) { return known.path == key; });
    if (!seen.insert(key).second) {
      report(member.first, fmt::format("key '{}' stands twice", key));
    } else if (field == fields.end()) {
      report(member.first, fmt::format("unknown key '{}' in 'detect.judges'; known: {}", key,
                                       known_keys(fields)));
    } else if (const std::string wrong = assign_one(*field, member.second); !wrong.empty()) {
      report(member.second, fmt::format("'{}' {}", key, wrong));
    }
  }
  if (const std::string wrong = contradiction(judge); !wrong.empty()) {
    report(entry, "detect.judges: " + wrong);
  }
}

}  // namespace

void read_judges(const YAML::Node& list, std::vector<RemoteJudge>& judges, const ReportAt& report) {
  judges.clear();
  if (!list.IsSequence()) return report(list, "'detect.judges' must be a list");
  if (list.size() > kJudges) return report(list, "'detect.judges' has too many elements");
  std::set<std::string> names;
  for (const YAML::Node& entry : list) {
    if (!entry.IsMap()) {
      report(entry, "an element of 'detect.judges' must be a mapping");
      continue;
    }
    RemoteJudge judge;
    read_one(entry, judge, report);
    if (!names.insert(judge.name).second) {
      report(entry, fmt::format("there is a judge '{}' already", judge.name));
    }
    judges.push_back(std::move(judge));
  }
}

std::string render_judges(const std::vector<RemoteJudge>& judges) {
  std::vector<std::string> rendered;
  for (RemoteJudge judge : judges) {
    RemoteJudge usual;
    const std::vector<Field> fields = fields_of_judge(judge);
    const std::vector<Field> defaults = fields_of_judge(usual);
    std::vector<std::string> members;
    for (size_t i = 0; i < fields.size(); ++i) {
      const std::string value = render(fields[i]);
      if (value != render(defaults[i]))
        members.push_back(fmt::format("{}: {}", fields[i].path, value));
    }
    rendered.push_back(fmt::format("{{{}}}", fmt::join(members, ", ")));
  }
  return fmt::format("[{}]", fmt::join(rendered, ", "));
}

}  // namespace sonde::config
