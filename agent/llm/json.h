// Reading JSON that a peer wrote: a view in which everything that is missing, null or of another
// type than asked for is simply absent, so that a dialect needs no check per step.
//
// A Json borrows from the JsonParser that made it and dies with that parser's next parse().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace sonde::llm {

class Json {
 public:
  Json() = default;
  explicit Json(simdjson::dom::element element) : element_(element), exists_(!element.is_null()) {}

  // False for what is not there and for null.
  bool exists() const { return exists_; }
  bool is_object() const { return exists_ && element_.is_object(); }
  bool is_array() const { return exists_ && element_.is_array(); }
  bool is_string() const { return exists_ && element_.is_string(); }

  // The member with this key; absent unless this is an object that has it. Of several the last
  // counts, as it does for the parsers of Python, JavaScript and Go.
  Json operator[](std::string_view key) const;
  Json item(size_t index) const {
    if (!is_array()) return {};
    simdjson::dom::element found;
    return element_.at(index).get(found) == simdjson::SUCCESS ? Json(found) : Json();
  }
  // The string's UTF-8, empty unless this is a string.
  std::string_view text() const {
    std::string_view value;
    return is_string() && element_.get(value) == simdjson::SUCCESS ? value : std::string_view{};
  }
  // A number that is not negative, also where it is written as 12.0.
  std::optional<uint64_t> count() const;
  double number() const;
  bool truth() const {
    bool value = false;
    return exists_ && element_.get(value) == simdjson::SUCCESS && value;
  }
  // JSON text without white space; empty if absent.
  std::string dump() const { return exists_ ? simdjson::minify(element_) : std::string(); }
  // A string's text, any other value's JSON text.
  std::string text_or_dump() const { return is_string() ? std::string(text()) : dump(); }

  // visit(size_t index, Json item) for each item of an array.
  template <typename Visit>
  void each_item(Visit&& visit) const {
    simdjson::dom::array array;
    if (!is_array() || element_.get(array) != simdjson::SUCCESS) return;
    size_t index = 0;
    for (const simdjson::dom::element element : array) visit(index++, Json(element));
  }
  // visit(std::string_view key, Json value) for each member of an object.
  template <typename Visit>
  void each_member(Visit&& visit) const {
    simdjson::dom::object object;
    if (!is_object() || element_.get(object) != simdjson::SUCCESS) return;
    for (const simdjson::dom::key_value_pair member : object) visit(member.key, Json(member.value));
  }

 private:
  simdjson::dom::element element_;
  bool exists_ = false;
};

// Parses with a bounded depth and without recursion. Not thread-safe; keeps its memory between
// calls, so one per stream of small events and a fresh one per large body.
class JsonParser {
 public:
  explicit JsonParser(size_t max_depth) : max_depth_(max_depth) {}

  // nullopt: not JSON, or nested deeper than allowed. A top-level null answers an absent value.
  // Text with room for simdjson's padding behind it (see kPadding) is parsed without a copy.
  std::optional<Json> parse(const std::string& text);
  // As parse(), but makes do with what other parsers take and with text that was cut
  // (json_repair.h); `repaired` says that it had to.
  std::optional<Json> parse_leniently(const std::string& text, bool& repaired);

  static constexpr size_t kPadding = simdjson::SIMDJSON_PADDING;

 private:
  size_t max_depth_;
  size_t capacity_ = 0;
  simdjson::dom::parser parser_;
};

}  // namespace sonde::llm
