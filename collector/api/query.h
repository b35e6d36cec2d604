// Parameters of list operations, checked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/api/http.h"
#include "collector/store/alerts.h"

namespace sonde::api {

// Reads the parameters of one request; remembers the first problem. Every parameter must be asked
// for, so that a misspelt one is told instead of ignored.
class QueryReader {
 public:
  explicit QueryReader(const Request& request) : request_(request) {}

  std::string text(std::string_view name, size_t max_bytes = 512);
  // All values of `name`, commas split.
  std::vector<std::string> list(std::string_view name);
  std::optional<int64_t> integer(std::string_view name, int64_t min, int64_t max);
  std::optional<bool> boolean(std::string_view name);
  std::vector<store::Severity> severities(std::string_view name);
  std::vector<store::WorkStatus> statuses(std::string_view name);
  size_t limit();
  std::optional<store::AlertCursor> cursor(std::string_view name);

  // A problem 400 if anything was wrong. Call last.
  std::optional<Response> refused();

 private:
  void complain(std::string detail);
  const Request& request_;
  std::vector<std::string_view> asked_;
  std::string problem_;
};

// A positive integer out of a path.
std::optional<int64_t> id_from(std::string_view text);

std::string encode_cursor(const store::AlertCursor& cursor);
store::AlertFilter read_alert_filter(QueryReader& query);

}  // namespace sonde::api
