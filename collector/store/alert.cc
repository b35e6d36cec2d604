#include "collector/store/alert.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

namespace sonde::store {
namespace {

constexpr auto kStatuses = std::to_array<std::pair<WorkStatus, std::string_view>>({
    {WorkStatus::kNew, "new"},
    {WorkStatus::kInProgress, "in_progress"},
    {WorkStatus::kResolved, "resolved"},
    {WorkStatus::kSuppressed, "suppressed"},
});
constexpr auto kSeverities = std::to_array<std::pair<Severity, std::string_view>>({
    {Severity::kUnknown, "unknown"},
    {Severity::kInformational, "informational"},
    {Severity::kLow, "low"},
    {Severity::kMedium, "medium"},
    {Severity::kHigh, "high"},
    {Severity::kCritical, "critical"},
    {Severity::kFatal, "fatal"},
});

template <typename Table, typename Key>
std::string_view name_of(const Table& table, Key key) {
  for (const auto& [value, name] : table) {
    if (value == key) return name;
  }
  return table.front().second;
}

template <typename Key, size_t kSize>
std::optional<Key> key_of(const std::array<std::pair<Key, std::string_view>, kSize>& table,
                          std::string_view text) {
  for (const auto& [value, name] : table) {
    if (name == text) return value;
  }
  return std::nullopt;
}

// RFC 8259, 7: quote, backslash and control characters must be escaped; the rest is UTF-8 already.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string_view to_string(WorkStatus status) { return name_of(kStatuses, status); }
std::string_view to_string(Severity severity) { return name_of(kSeverities, severity); }
std::optional<WorkStatus> status_from(std::string_view text) { return key_of(kStatuses, text); }
std::optional<Severity> severity_from(std::string_view text) { return key_of(kSeverities, text); }

std::string entities_to_json(const std::vector<Entity>& entities) {
  std::string json = "[";
  for (const Entity& entity : entities) {
    if (json.size() > 1) json += ',';
    json += '[';
    append_json_string(json, entity.type);
    json += ',';
    append_json_string(json, entity.value);
    json += ']';
  }
  return json + "]";
}

std::vector<Entity> entities_from_json(std::string_view json) {
  std::vector<Entity> entities;
  simdjson::dom::parser parser;
  simdjson::dom::array pairs;
  if (parser.parse(simdjson::padded_string(json)).get_array().get(pairs) != simdjson::SUCCESS) {
    return entities;
  }
  for (const simdjson::dom::element pair : pairs) {
    std::string_view type;
    std::string_view value;
    if (pair.at(0).get_string().get(type) == simdjson::SUCCESS &&
        pair.at(1).get_string().get(value) == simdjson::SUCCESS) {
      entities.push_back({std::string(type), std::string(value)});
    }
  }
  return entities;
}

bool is_classification(std::string_view text) {
  return text == "true_positive" || text == "false_positive" || text == "benign";
}

}  // namespace sonde::store
