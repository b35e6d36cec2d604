#include "agent/detect/indicators_json.h"

#include <algorithm>
#include <array>
#include <string>

#include <nlohmann/json.hpp>

namespace sonde::detect {

namespace {

using Json = nlohmann::json;

constexpr size_t kDeepest = 64;

bool too_deep(std::string_view text) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quoted) {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '{' || c == '[')) {
      if (++depth > kDeepest) return true;
    } else if (!quoted && (c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::string string_at(const Json& object, const char* key) {
  const auto place = object.find(key);
  return place != object.end() && place->is_string() ? place->get<std::string>() : std::string();
}

bool flag_at(const Json& object, const char* key, bool otherwise) {
  const auto place = object.find(key);
  return place != object.end() && place->is_boolean() ? place->get<bool>() : otherwise;
}

void add_misp_attributes(const Json& holder, IndicatorSet& set) {
  constexpr auto kTypes =
      std::to_array<std::string_view>({"url", "uri", "domain", "hostname", "ip-src", "ip-dst",
                                       "ip-src|port", "ip-dst|port", "domain|ip", "hostname|port"});
  const auto list = holder.find("Attribute");
  if (list == holder.end() || !list->is_array()) return;
  for (const Json& attribute : *list) {
    if (!attribute.is_object() || !flag_at(attribute, "to_ids", true)) continue;
    const std::string type = string_at(attribute, "type");
    if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) continue;
    std::string value = string_at(attribute, "value");
    if (type.find('|') != type.npos) value.resize(std::min(value.find('|'), value.size()));
    set.add_line(value);
  }
}

void add_misp_event(const Json& wrapper, IndicatorSet& set) {
  const auto place = wrapper.find("Event");
  const Json& event = place != wrapper.end() && place->is_object() ? *place : wrapper;
  add_misp_attributes(event, set);
  const auto objects = event.find("Object");
  if (objects == event.end() || !objects->is_array()) return;
  for (const Json& object : *objects) {
    if (object.is_object()) add_misp_attributes(object, set);
  }
}

void add_one(const Json& value, IndicatorSet& set) {
  if (!value.is_object()) return;
  if (string_at(value, "type") == "indicator") {
    if (flag_at(value, "revoked", false)) return;
    for (const std::string& one : values_of_stix_pattern(string_at(value, "pattern"))) {
      set.add_line(one);
    }
    return;
  }
  add_misp_event(value, set);
}

}  // namespace

std::vector<std::string> values_of_stix_pattern(std::string_view pattern) {
  constexpr auto kPaths = std::to_array<std::string_view>(
      {"url:value", "domain-name:value", "ipv4-addr:value", "ipv6-addr:value"});
  std::vector<std::string> values;
  for (const std::string_view path : kPaths) {
    for (size_t at = pattern.find(path); at != pattern.npos; at = pattern.find(path, at + 1)) {
      const size_t open = pattern.find('\'', at + path.size());
      const std::string_view between =
          open == pattern.npos ? std::string_view("?")
                               : pattern.substr(at + path.size(), open - at - path.size());
      if (between.find_first_not_of(" =") != between.npos) continue;  // LIKE, MATCHES, !=
      const size_t close = pattern.find('\'', open + 1);
      if (close == pattern.npos) return values;
      values.emplace_back(pattern.substr(open + 1, close - open - 1));
    }
  }
  return values;
}

Status add_json_indicators(std::string_view text, IndicatorSet& set) {
  if (too_deep(text)) return fail("JSON nested deeper than 64 levels");
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail("not valid JSON");
  // A bundle or a TAXII envelope holds "objects", an export of MISP "response".
  for (const char* key : {"objects", "response"}) {
    if (!json.is_object() || !json.contains(key) || !json[key].is_array()) continue;
    for (const Json& entry : json[key]) add_one(entry, set);
    return {};
  }
  if (json.is_array()) {
    for (const Json& entry : json) add_one(entry, set);
  } else {
    add_one(json, set);
  }
  return {};
}

}  // namespace sonde::detect
