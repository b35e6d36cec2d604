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

// A stretch of alerts in the order of lists: those from `oldest` (included) up to the cursor of the
// page, whose ids lie between the two.
struct AlertWindow {
  AlertCursor oldest;
  int64_t lowest_id = 0;
  int64_t highest_id = 0;
  bool dense = true;  // few other alerts have ids between them
};

// How to find the alerts that pass a filter.
struct AlertPlan {
  const AlertFilter* driver = nullptr;
  const AlertWindow* window = nullptr;
};

// With a `driver`, one of single_filters() that fewer than kRare alerts pass, the database looks at
// those alerts alone. Without, it follows an index until enough are found: fast where many pass.
// With a `window` nothing outside of it is found, nor looked at.
BuiltQuery build_alert_query(sql::Dialect dialect, const AlertFilter& filter, size_t limit,
                             std::optional<AlertCursor> after, const AlertPlan& plan = {});

// The last of the `size` alerts that follow in the order of lists, as (time_ms, id), whatever their
// fields and words; no row if there are fewer.
BuiltQuery build_window_query(const AlertFilter& filter, size_t size,
                              std::optional<AlertCursor> after);
// The lowest and the highest id of the alerts down to `oldest`; one row.
BuiltQuery build_ids_query(const AlertFilter& filter, const AlertCursor& oldest,
                           std::optional<AlertCursor> after);

// The parts of a filter that an index answers.
std::vector<AlertFilter> single_filters(const AlertFilter& filter);

// How many alerts pass one of single_filters(), counted up to kRare; one row.
BuiltQuery build_count_query(sql::Dialect dialect, const AlertFilter& filter);

// The words of a search as an expression of the database's own search language; empty if `query`
// holds no word.
std::string search_expression(sql::Dialect dialect, std::string_view query);

}  // namespace sonde::store
