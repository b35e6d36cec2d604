#include "agent/llm/json.h"

#include <algorithm>
#include <cmath>

#include "agent/llm/json_repair.h"
#include "agent/llm/surrogates.h"

namespace sonde::llm {

Json Json::operator[](std::string_view key) const {
  simdjson::dom::object object;
  if (!exists_ || element_.get(object) != simdjson::SUCCESS) return {};
  Json found;
  for (auto member = object.begin(); member != object.end(); ++member) {
    if (member.key_equals(key)) found = Json(member.value());
  }
  return found;
}

std::optional<uint64_t> Json::count() const {
  if (!exists_) return std::nullopt;
  if (uint64_t value = 0; element_.get(value) == simdjson::SUCCESS) return value;
  constexpr double kExact = 9007199254740992.0;  // 2^53: whole numbers up to here are exact
  if (double value = 0; element_.get(value) == simdjson::SUCCESS && value >= 0 && value <= kExact &&
                        std::floor(value) == value) {
    return static_cast<uint64_t>(value);
  }
  return std::nullopt;
}

double Json::number() const {
  double value = 0;
  return exists_ && element_.get(value) == simdjson::SUCCESS ? value : 0;
}

std::optional<Json> JsonParser::parse(const std::string& text) {
  const auto parse_valid = [this](const std::string& valid) -> std::optional<Json> {
    if (valid.size() > capacity_) {
      // Twice what is needed: a stream's events grow slowly, and allocate() starts from nothing.
      const size_t wanted = std::max<size_t>(valid.size() + valid.size() / 2, 1024);
      if (parser_.allocate(wanted, max_depth_) != simdjson::SUCCESS) return std::nullopt;
      capacity_ = wanted;
    }
    simdjson::dom::element root;
    if (parser_.parse(valid).get(root) != simdjson::SUCCESS) return std::nullopt;
    return Json(root);
  };
  if (const std::optional<Json> whole = parse_valid(text)) return whole;
  // Characters that a sender cut in two are no JSON, but what every receiver takes.
  const std::optional<std::string> marked = mark_surrogates(text);
  return marked ? parse_valid(*marked) : std::nullopt;
}

std::optional<Json> JsonParser::parse_leniently(const std::string& text, bool& repaired) {
  std::optional<Json> strict = parse(text);
  repaired = !strict;
  if (strict) return strict;
  const std::optional<std::string> marked = mark_surrogates(text);
  const std::optional<std::string> valid = repair_json(marked ? *marked : text, max_depth_);
  return valid ? parse(*valid) : std::nullopt;
}

}  // namespace sonde::llm
