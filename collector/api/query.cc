#include "collector/api/query.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "collector/store/incidents.h"

namespace sonde::api {
namespace {

constexpr size_t kMaxValues = 64;
constexpr int64_t kMaxTimeMs = 253402300799999;

std::optional<int64_t> to_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void QueryReader::complain(std::string detail) {
  if (problem_.empty()) problem_ = std::move(detail);
}

std::string QueryReader::text(std::string_view name, size_t max_bytes) {
  asked_.push_back(name);
  for (const auto& [key, value] : request_.query) {
    if (key != name) continue;
    if (value.size() > max_bytes) complain(fmt::format("'{}' is too long", name));
    return value;
  }
  return {};
}

std::vector<std::string> QueryReader::list(std::string_view name) {
  asked_.push_back(name);
  std::vector<std::string> values;
  for (const auto& [key, value] : request_.query) {
    if (key != name) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      if (comma > 0) values.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  const bool too_long = std::any_of(values.begin(), values.end(),
                                    [](const std::string& value) { return value.size() > 512; });
  if (values.size() > kMaxValues || too_long) {
    complain(fmt::format("'{}' has too many or too long values", name));
    values.clear();
  }
  return values;
}

std::optional<int64_t> QueryReader::integer(std::string_view name, int64_t min, int64_t max) {
  const std::string value = text(name);
  if (value.empty()) return std::nullopt;
  const auto number = to_integer(value);
  if (!number || *number < min || *number > max) {
    complain(fmt::format("'{}' must be an integer from {} to {}", name, min, max));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> QueryReader::boolean(std::string_view name) {
  const std::string value = text(name);
  if (value.empty()) return std::nullopt;
  if (value != "true" && value != "false") {
    complain(fmt::format("'{}' must be true or false", name));
  }
  return value == "true";
}

std::vector<store::Severity> QueryReader::severities(std::string_view name) {
  std::vector<store::Severity> values;
  for (const std::string& text : list(name)) {
    if (const auto value = store::severity_from(text)) {
      values.push_back(*value);
    } else {
      complain(fmt::format("'{}' holds no severity", name));
    }
  }
  return values;
}

std::vector<store::WorkStatus> QueryReader::statuses(std::string_view name) {
  std::vector<store::WorkStatus> values;
  for (const std::string& text : list(name)) {
    if (const auto value = store::status_from(text)) {
      values.push_back(*value);
    } else {
      complain(fmt::format("'{}' holds no status", name));
    }
  }
  return values;
}

size_t QueryReader::limit() { return static_cast<size_t>(integer("limit", 1, 500).value_or(50)); }

std::optional<store::AlertCursor> QueryReader::cursor(std::string_view name) {
  const std::string value = text(name, 128);
  if (value.empty()) return std::nullopt;
  const size_t dash = value.find('-');
  if (dash != std::string::npos) {
    const auto time = to_integer(std::string_view(value).substr(0, dash));
    const auto id = to_integer(std::string_view(value).substr(dash + 1));
    if (time && id && *time >= 0 && *id >= 0) return store::AlertCursor{*time, *id};
  }
  complain(fmt::format("'{}' is none of ours", name));
  return std::nullopt;
}

std::optional<Response> QueryReader::refused() {
  for (const auto& [key, value] : request_.query) {
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) {
      complain("a query parameter is unknown");
    }
  }
  if (problem_.empty()) return std::nullopt;
  return problem(400, problem_);
}

std::optional<int64_t> id_from(std::string_view text) {
  const auto id = to_integer(text);
  return id && *id >= 1 ? id : std::nullopt;
}

std::string encode_cursor(const store::AlertCursor& cursor) {
  return fmt::format("{}-{}", cursor.time_ms, cursor.id);
}

store::AlertFilter read_alert_filter(QueryReader& query) {
  store::AlertFilter filter;
  filter.severities = query.severities("severity");
  filter.alerts = query.list("alert");
  filter.hosts = query.list("host");
  filter.agents = query.list("agent");
  filter.providers = query.list("provider");
  filter.models = query.list("model");
  filter.applications = query.list("app");
  filter.zones = query.list("zone");
  filter.statuses = query.statuses("status");
  filter.assignees = query.list("assignee");
  filter.query = query.text("q");
  filter.since_ms = query.integer("since", 0, kMaxTimeMs);
  filter.until_ms = query.integer("until", 0, kMaxTimeMs);
  const std::string incident = query.text("incident", 64);
  if (!incident.empty()) {
    // An incident that cannot exist has no alerts.
    filter.incident_id = store::incident_id_from(incident).value_or(-1);
  }
  return filter;
}

}  // namespace sonde::api
