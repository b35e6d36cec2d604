// Typed look-ups in a simdjson document: absent and wrongly typed are told apart where it matters.
// Only for .cc files of the store.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace sonde::store::json {

using simdjson::dom::element;

// Follows keys; nullopt when one is missing or its parent is no object.
inline std::optional<element> find(element at, std::initializer_list<std::string_view> path) {
  for (const std::string_view key : path) {
    element next;
    if (at[key].get(next) != simdjson::SUCCESS) return std::nullopt;
    at = next;
  }
  return at;
}

inline std::string_view text(std::optional<element> value) {
  std::string_view out;
  if (!value || value->get_string().get(out) != simdjson::SUCCESS) return {};
  return out;
}
inline std::string_view text(element at, std::initializer_list<std::string_view> path) {
  return text(find(at, path));
}

inline std::optional<int64_t> integer(std::optional<element> value) {
  int64_t out = 0;
  if (!value || value->get_int64().get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

// Any JSON number.
inline std::optional<double> number(std::optional<element> value) {
  double out = 0;
  if (!value || value->get_double().get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

}  // namespace sonde::store::json
