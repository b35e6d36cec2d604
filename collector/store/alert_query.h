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

BuiltQuery build_alert_query(sql::Dialect dialect, const AlertFilter& filter, size_t limit,
                             std::optional<AlertCursor> after);

// The words of a search as an expression of the database's own search language; empty if `query`
// holds no word.
std::string search_expression(sql::Dialect dialect, std::string_view query);

}  // namespace sonde::store
