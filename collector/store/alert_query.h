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

// A word that more alerts hold is looked for in one alert after the other: the list of those that
// hold it would be long, and a page of it is soon full.
inline constexpr int64_t kCommon = 100'000;

// How to find the alerts that pass a filter.
struct AlertPlan {
  const AlertFilter* driver = nullptr;
  bool common_words = false;  // at least kCommon alerts hold the words
};

// With a `driver`, one of single_filters() that fewer than kRare alerts pass, the database looks at
// those alerts alone. Without, it follows an index until enough are found: fast where many pass.
BuiltQuery build_alert_query(sql::Dialect dialect, const AlertFilter& filter, size_t limit,
                             std::optional<AlertCursor> after, const AlertPlan& plan = {});

// The parts of a filter that an index answers.
std::vector<AlertFilter> single_filters(const AlertFilter& filter);

// How many alerts pass one of single_filters(), counted up to kRare, or kCommon for words; one row.
BuiltQuery build_count_query(sql::Dialect dialect, const AlertFilter& filter);

// The words of a search as an expression of the database's own search language; empty if `query`
// holds no word.
std::string search_expression(sql::Dialect dialect, std::string_view query);

}  // namespace sonde::store
