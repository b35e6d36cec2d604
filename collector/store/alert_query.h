// Builds the statement of an alert list from its filter. Values only ever travel as parameters.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "collector/store/alerts.h"

namespace sonde::store {

// A statement whose parameters own their texts.
struct BuiltQuery {
  std::string statement;
  std::vector<sql::Param> params;
  std::deque<std::string> texts;  // deque: growing it moves no string that a parameter points to
};

// Fewer alerts than these are looked at one by one.
inline constexpr int64_t kRare = 5000;

// With a `driver`, one of single_filters() that fewer than kRare alerts pass, the database looks at
// those alerts alone. Without, it follows an index until enough are found: fast where many pass.
BuiltQuery build_alert_query(sql::Dialect dialect, const AlertFilter& filter, size_t limit,
                             std::optional<AlertCursor> after, const AlertFilter* driver = nullptr);

// The parts of a filter that an index answers.
std::vector<AlertFilter> single_filters(const AlertFilter& filter);

// How many alerts pass, at most kRare; one row.
BuiltQuery build_count_query(sql::Dialect dialect, const AlertFilter& filter);

// The words of a search as an expression of the database's own search language; empty if `query`
// holds no word.
std::string search_expression(sql::Dialect dialect, std::string_view query);

}  // namespace sonde::store
