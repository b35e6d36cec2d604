#include "collector/store/alert_query.h"

#include <cctype>

#include <fmt/format.h>

namespace sonde::store {
namespace {

// Collects conditions, numbering their parameters.
class Builder {
 public:
  explicit Builder(BuiltQuery& query) : query_(query) {}

  std::string parameter(int64_t value) {
    query_.params.emplace_back(value);
    return fmt::format("${}", query_.params.size());
  }
  std::string parameter(std::string value) {
    query_.texts.push_back(std::move(value));
    query_.params.emplace_back(std::string_view(query_.texts.back()));
    return fmt::format("${}", query_.params.size());
  }
  void where(std::string condition) {
    conditions_ += conditions_.empty() ? " WHERE " : " AND ";
    conditions_ += condition;
  }
  template <typename T, typename Convert>
  void any_of(std::string_view column, const std::vector<T>& values, Convert convert) {
    if (values.empty()) return;
    std::string list;
    for (const T& value : values) {
      if (!list.empty()) list += ", ";
      list += parameter(convert(value));
    }
    where(fmt::format("{} IN ({})", column, list));
  }
  void any_of(std::string_view column, const std::vector<std::string>& values) {
    any_of(column, values, [](const std::string& value) { return value; });
  }
  const std::string& conditions() const { return conditions_; }

 private:
  BuiltQuery& query_;
  std::string conditions_;
};

// A range instead of LIKE: it uses the index, and no character of the value is special. '/' is the
// character behind '.' in ASCII, and alert names are ASCII.
void alert_names(Builder& builder, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::string condition;
  for (const std::string& name : names) {
    if (!condition.empty()) condition += " OR ";
    if (name.ends_with('.')) {
      std::string behind = name;
      behind.back() = '/';
      const std::string from = builder.parameter(name);
      condition += fmt::format("(a.alert >= {} AND a.alert < {})", from,
                               builder.parameter(std::move(behind)));
    } else {
      condition += fmt::format("a.alert = {}", builder.parameter(name));
    }
  }
  builder.where("(" + condition + ")");
}

void search(Builder& builder, sql::Dialect dialect, const std::string& query) {
  if (query.empty()) return;
  std::string expression = search_expression(dialect, query);
  if (expression.empty()) {
    builder.where("1 = 0");
  } else if (dialect == sql::Dialect::kSqlite) {
    builder.where(
        fmt::format("a.id IN (SELECT rowid FROM alerts_search WHERE alerts_search MATCH {})",
                    builder.parameter(std::move(expression))));
  } else {
    builder.where(fmt::format("to_tsvector('simple', a.search_text) @@ to_tsquery('simple', {})",
                              builder.parameter(std::move(expression))));
  }
}

bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0;
}

// A term between double quotes in FTS5, between single quotes in a tsquery; what is special inside
// cannot occur in it, because a word is made of letters, digits and non-ASCII bytes only.
std::string term(sql::Dialect dialect, std::string_view word, bool prefix) {
  return dialect == sql::Dialect::kSqlite ? fmt::format("\"{}\"{}", word, prefix ? "*" : "")
                                          : fmt::format("'{}'{}", word, prefix ? ":*" : "");
}

}  // namespace

std::string search_expression(sql::Dialect dialect, std::string_view query) {
  std::string expression;
  size_t words = 0;
  for (size_t at = 0; at < query.size() && words < 16;) {
    if (!is_word(query[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < query.size() && is_word(query[end])) ++end;
    const bool prefix = end < query.size() && query[end] == '*';
    if (words++) expression += dialect == sql::Dialect::kSqlite ? " AND " : " & ";
    expression += term(dialect, query.substr(at, end - at), prefix);
    at = end;
  }
  return expression;
}

BuiltQuery build_alert_query(sql::Dialect dialect, const AlertFilter& filter, size_t limit,
                             std::optional<AlertCursor> after) {
  BuiltQuery query;
  Builder builder(query);
  builder.any_of("a.severity", filter.severities,
                 [](Severity value) { return static_cast<int64_t>(value); });
  builder.any_of("a.status", filter.statuses,
                 [](WorkStatus value) { return static_cast<int64_t>(value); });
  alert_names(builder, filter.alerts);
  builder.any_of("a.host", filter.hosts);
  builder.any_of("a.agent_id", filter.agents);
  builder.any_of("a.provider", filter.providers);
  builder.any_of("a.model", filter.models);
  builder.any_of("a.application", filter.applications);
  builder.any_of("a.zone", filter.zones);
  builder.any_of("a.assignee", filter.assignees);
  if (filter.incident_id) {
    builder.where(
        fmt::format("a.id IN (SELECT alert_id FROM incident_alerts WHERE incident_id = {})",
                    builder.parameter(*filter.incident_id)));
  }
  search(builder, dialect, filter.query);
  if (filter.since_ms) {
    builder.where(fmt::format("a.time_ms >= {}", builder.parameter(*filter.since_ms)));
  }
  if (filter.until_ms) {
    builder.where(fmt::format("a.time_ms < {}", builder.parameter(*filter.until_ms)));
  }
  if (after) {
    const std::string time = builder.parameter(after->time_ms);
    builder.where(fmt::format("(a.time_ms, a.id) < ({}, {})", time, builder.parameter(after->id)));
  }
  const std::string count = builder.parameter(static_cast<int64_t>(limit));
  query.statement =
      fmt::format("SELECT {} FROM alerts a{} ORDER BY a.time_ms DESC, a.id DESC LIMIT {}",
                  kAlertColumns, builder.conditions(), count);
  return query;
}

}  // namespace sonde::store
