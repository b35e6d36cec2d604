// The file in which baselines outlive the agent. Its lines are JSON so that a person can read what
// is known of an application.
#include <array>
#include <cmath>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/sha.h>

#include "agent/detect/baselines.h"

namespace sonde::detect {

using Json = nlohmann::ordered_json;

namespace {

constexpr int kVersion = 1;
constexpr std::string_view kFormat = "sonde.baselines";
constexpr size_t kMostBytes = size_t{256} << 20;

std::string sha256(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string out;
  for (const unsigned char byte : digest) fmt::format_to(std::back_inserter(out), "{:02x}", byte);
  return out;
}

int64_t seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}
WallTime from_seconds(int64_t value) { return WallTime(std::chrono::seconds(value)); }

// [mean, variance, hours], or 0 where nothing is known.
Json to_json(const HourlyRate& rate) {
  return rate.hours == 0 ? Json(0) : Json{rate.mean, rate.variance, rate.hours};
}

HourlyRate rate_of(const Json& json) {
  if (!json.is_array() || json.size() != 3) return {};
  HourlyRate rate{json[0].get<float>(), json[1].get<float>(), json[2].get<uint32_t>()};
  if (!std::isfinite(rate.mean) || !std::isfinite(rate.variance) || rate.variance < 0) return {};
  return rate;
}

template <size_t kCount>
Json to_json(const std::array<HourlyRate, kCount>& rates) {
  Json list = Json::array();
  for (const HourlyRate& rate : rates) list.push_back(to_json(rate));
  return list;
}

template <size_t kCount>
void read_rates(const Json& json, std::array<HourlyRate, kCount>& rates) {
  for (size_t i = 0; i < std::min(kCount, json.size()); ++i) rates[i] = rate_of(json[i]);
}

}  // namespace

// Between entries and lines. Its reading functions throw what nlohmann::json throws; that ends in
// Baselines::restore().
class BaselineFile {
 public:
  static Json to_json(const SeasonalRate& rate) {
    return {{"hour", rate.hour_},
            {"amount", rate.amount_},
            {"told", rate.told_},
            {"overall", detect::to_json(rate.overall_)},
            {"day", detect::to_json(rate.by_day_)},
            {"week", detect::to_json(rate.by_week_)}};
  }

  static SeasonalRate seasonal_of(const Json& json) {
    SeasonalRate rate;
    rate.hour_ = std::max<int64_t>(0, json.at("hour").get<int64_t>());
    rate.amount_ = json.at("amount").get<double>();
    rate.told_ = json.at("told").get<bool>();
    rate.overall_ = rate_of(json.at("overall"));
    read_rates(json.at("day"), rate.by_day_);
    read_rates(json.at("week"), rate.by_week_);
    return rate;
  }

  static Json to_json(const ApplicationBaseline& application) {
    Json tools = Json::object();
    for (const auto& [name, habit] : application.tools) {
      tools[name] = {{"calls", habit.calls}, {"arguments", habit.arguments}};
    }
    Json types = Json::object();
    for (const auto& [type, habit] : application.sensitive) {
      types[type] = {{"answers", habit.answers}, {"rate", to_json(habit.rate)}};
    }
    return {{"tokens", to_json(application.tokens)},
            {"tool_calls", application.tool_calls},
            {"tools", std::move(tools)},
            {"answers_since", seconds(application.answers_since)},
            {"answers", application.answers},
            {"sensitive", std::move(types)}};
  }

  static ApplicationBaseline application_of(const Json& json) {
    ApplicationBaseline application;
    application.tokens = seasonal_of(json.at("tokens"));
    application.tool_calls = json.at("tool_calls").get<uint64_t>();
    for (const auto& [name, tool] : json.at("tools").items()) {
      if (application.tools.size() > ApplicationBaseline::kTools) break;
      ToolHabit& habit = application.tools[name];
      habit.calls = tool.at("calls").get<uint64_t>();
      for (const Json& argument : tool.at("arguments")) {
        if (habit.arguments.size() < ToolHabit::kArguments) {
          habit.arguments.insert(argument.get<std::string>());
        }
      }
    }
    application.answers_since = from_seconds(json.at("answers_since").get<int64_t>());
    application.answers = json.at("answers").get<uint64_t>();
    for (const auto& [type, habit] : json.at("sensitive").items()) {
      if (application.sensitive.size() >= ApplicationBaseline::kTypes) break;
      application.sensitive[type] = {habit.at("answers").get<uint64_t>(),
                                     seasonal_of(habit.at("rate"))};
    }
    return application;
  }

  static Json to_json(const ModelBaseline& model) {
    return {{"since", seconds(model.since)},
            {"exchanges", model.exchanges},
            {"principals", model.principals}};
  }

  static ModelBaseline model_of(const Json& json) {
    ModelBaseline model;
    model.since = from_seconds(json.at("since").get<int64_t>());
    model.exchanges = json.at("exchanges").get<uint64_t>();
    model.principals = names_of(json.at("principals"));
    return model;
  }

  static std::set<std::string> names_of(const Json& json) {
    std::set<std::string> names;
    for (const Json& name : json) {
      if (names.size() < ModelBaseline::kPrincipals) names.insert(name.get<std::string>());
    }
    return names;
  }

  static void read_line(std::string_view line, Baselines& into) {
    const Json json = Json::parse(line);
    const auto key = json.at("key").get<std::string>();
    const auto kind = json.at("kind").get<std::string>();
    if (kind == "application") into.applications[key] = application_of(json.at("value"));
    if (kind == "model") into.models[key] = model_of(json.at("value"));
    if (kind == "api_key") into.keys[key] = names_of(json.at("value"));
  }
};

std::string Baselines::serialise() const {
  std::string body;
  const auto line = [&](std::string_view kind, const std::string& key, Json value) {
    body += Json{{"kind", kind}, {"key", key}, {"value", std::move(value)}}.dump(
        -1, ' ', false, Json::error_handler_t::replace);
    body += '\n';
  };
  applications.for_each([&](const std::string& key, const ApplicationBaseline& value) {
    line("application", key, BaselineFile::to_json(value));
  });
  models.for_each([&](const std::string& key, const ModelBaseline& value) {
    line("model", key, BaselineFile::to_json(value));
  });
  keys.for_each([&](const std::string& key, const std::set<std::string>& value) {
    line("api_key", key, value);
  });
  const Json header = {{"format", kFormat}, {"version", kVersion}, {"sha256", sha256(body)}};
  return header.dump() + "\n" + body;
}

Status Baselines::restore(std::string_view text) {
  if (text.size() > kMostBytes) return fail("the baselines are too big");
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return fail("the baselines have no first line");
  const Json header = Json::parse(text.substr(0, end), nullptr, false);
  const std::string_view body = text.substr(end + 1);
  if (!header.is_object() || header.value("format", "") != kFormat) {
    return fail("these are no baselines");
  }
  if (header.value("version", 0) != kVersion) {
    return fail("the baselines are of another version of Sonde");
  }
  if (header.value("sha256", "") != sha256(body)) return fail("the baselines are damaged");
  Baselines restored;
  std::vector<std::string_view> lines;
  for (size_t at = 0; at < body.size();) {
    const size_t next = std::min(body.find('\n', at), body.size());
    lines.push_back(body.substr(at, next - at));
    at = next + 1;
  }
  try {
    // The first line was used last, and must be read last.
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      BaselineFile::read_line(*line, restored);
    }
  } catch (const Json::exception&) {
    return fail("the baselines hold a line that cannot be read");
  }
  *this = std::move(restored);
  return {};
}

}  // namespace sonde::detect
