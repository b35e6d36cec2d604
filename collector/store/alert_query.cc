#include "collector/store/alert_query.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "collector/store/searchable.h"

namespace sonde::store {
namespace {

// Collects conditions, numbering their parameters.
class Builder {
 public:
  // With `plain` no condition on a column is one that an index could answer: a unary plus makes an
  // expression of it (SQLite, "Query planner", 3.1).
  explicit Builder(BuiltQuery& query, bool plain = false) : query_(query), plain_(plain) {}

  std::string column(std::string_view name) const {
    return fmt::format("{}a.{}", plain_ ? "+" : "", name);
  }

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
  void any_of(std::string_view name, const std::vector<T>& values, Convert convert) {
    if (values.empty()) return;
    std::string list;
    for (const T& value : values) {
      if (!list.empty()) list += ", ";
      list += parameter(convert(value));
    }
    where(fmt::format("{} IN ({})", column(name), list));
  }
  void any_of(std::string_view name, const std::vector<std::string>& values) {
    any_of(name, values, [](const std::string& value) { return value; });
  }
  const std::string& conditions() const { return conditions_; }

 private:
  BuiltQuery& query_;
  const bool plain_;
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
      const std::string column = builder.column("alert");
      condition += fmt::format("({0} >= {1} AND {0} < {2})", column, from,
                               builder.parameter(std::move(behind)));
    } else {
      condition += fmt::format("{} = {}", builder.column("alert"), builder.parameter(name));
    }
  }
  builder.where("(" + condition + ")");
}

void search(Builder& builder, sql::Dialect dialect, const std::string& query, bool common) {
  if (query.empty()) return;
  std::string expression = search_expression(dialect, query);
  if (expression.empty()) {
    builder.where("1 = 0");
  } else if (dialect == sql::Dialect::kSqlite && common) {
    builder.where(fmt::format(
        "EXISTS (SELECT 1 FROM alerts_search WHERE alerts_search MATCH {} AND rowid = a.id)",
        builder.parameter(std::move(expression))));
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

bool leaves_new_out(const AlertFilter& filter) {
  const auto& statuses = filter.statuses;
  return !statuses.empty() &&
         std::find(statuses.begin(), statuses.end(), WorkStatus::kNew) == statuses.end();
}

void add_fields(Builder& builder, sql::Dialect dialect, const AlertFilter& filter,
                bool common_words = false) {
  builder.any_of("severity", filter.severities,
                 [](Severity value) { return static_cast<int64_t>(value); });
  builder.any_of("status", filter.statuses,
                 [](WorkStatus value) { return static_cast<int64_t>(value); });
  if (leaves_new_out(filter)) builder.where("a.status <> 0");  // as the partial index says
  alert_names(builder, filter.alerts);
  builder.any_of("host", filter.hosts);
  builder.any_of("agent_id", filter.agents);
  builder.any_of("provider", filter.providers);
  builder.any_of("model", filter.models);
  builder.any_of("application", filter.applications);
  builder.any_of("zone", filter.zones);
  builder.any_of("assignee", filter.assignees);
  if (filter.incident_id) {
    builder.where(
        fmt::format("a.id IN (SELECT alert_id FROM incident_alerts WHERE incident_id = {})",
                    builder.parameter(*filter.incident_id)));
  }
  search(builder, dialect, filter.query, common_words);
}

std::string words_expression(sql::Dialect dialect, std::string_view query) {
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

}  // namespace

std::string search_expression(sql::Dialect dialect, std::string_view query) {
  const std::string prepared = searchable_form(query, SearchSide::kQuery);
  std::string expression = words_expression(dialect, prepared);
  if (prepared == query) return expression;
  // As it stands too: what was stored by an earlier version was not prepared.
  const std::string as_asked = words_expression(dialect, query);
  if (expression.empty() || as_asked.empty()) return expression.empty() ? as_asked : expression;
  const bool sqlite = dialect == sql::Dialect::kSqlite;
  return fmt::format("({}) {} ({})", expression, sqlite ? "OR" : "|", as_asked);
}

BuiltQuery build_alert_query(sql::Dialect dialect, const AlertFilter& filter, size_t limit,
                             std::optional<AlertCursor> after, const AlertPlan& plan) {
  BuiltQuery query;
  const AlertFilter* driver = plan.driver;
  const bool plain = driver != nullptr && dialect == sql::Dialect::kSqlite;
  Builder builder(query, plain);
  if (driver != nullptr) {
    Builder inner(query);
    add_fields(inner, dialect, *driver);
    builder.where(fmt::format("a.id IN (SELECT a.id FROM alerts a{} LIMIT {})", inner.conditions(),
                              inner.parameter(kRare)));
  }
  add_fields(builder, dialect, filter, plan.common_words);
  if (filter.since_ms) {
    builder.where(
        fmt::format("{} >= {}", builder.column("time_ms"), builder.parameter(*filter.since_ms)));
  }
  if (filter.until_ms) {
    builder.where(
        fmt::format("{} < {}", builder.column("time_ms"), builder.parameter(*filter.until_ms)));
  }
  if (after) {
    const std::string time = builder.parameter(after->time_ms);
    builder.where(fmt::format("({}, a.id) < ({}, {})", builder.column("time_ms"), time,
                              builder.parameter(after->id)));
  }
  const std::string count = builder.parameter(static_cast<int64_t>(limit));
  query.statement =
      fmt::format("SELECT {} FROM alerts a{} ORDER BY {} DESC, a.id DESC LIMIT {}", kAlertColumns,
                  builder.conditions(), builder.column("time_ms"), count);
  return query;
}

std::vector<AlertFilter> single_filters(const AlertFilter& filter) {
  std::vector<AlertFilter> parts;
  const auto part = [&](auto AlertFilter::* member) {
    if ((filter.*member).empty()) return;
    AlertFilter one;
    one.*member = filter.*member;
    parts.push_back(std::move(one));
  };
  part(&AlertFilter::severities);
  part(&AlertFilter::alerts);
  part(&AlertFilter::hosts);
  part(&AlertFilter::agents);
  part(&AlertFilter::providers);
  part(&AlertFilter::models);
  part(&AlertFilter::applications);
  part(&AlertFilter::zones);
  part(&AlertFilter::assignees);
  part(&AlertFilter::query);
  // New alerts have no index of their own: most are new.
  if (leaves_new_out(filter)) part(&AlertFilter::statuses);
  return parts;
}

BuiltQuery build_count_query(sql::Dialect dialect, const AlertFilter& filter) {
  BuiltQuery query;
  Builder builder(query);
  if (dialect == sql::Dialect::kSqlite && !filter.query.empty()) {
    // The index alone: the alerts themselves need not be looked at.
    std::string expression = search_expression(dialect, filter.query);
    if (expression.empty()) {
      query.statement = "SELECT 0";
      return query;
    }
    const std::string words = builder.parameter(std::move(expression));
    query.statement = fmt::format(
        "SELECT COUNT(*) FROM (SELECT 1 FROM alerts_search WHERE alerts_search MATCH {} LIMIT {})",
        words, builder.parameter(kCommon));
    return query;
  }
  add_fields(builder, dialect, filter);
  const std::string most = builder.parameter(kRare);
  query.statement = fmt::format("SELECT COUNT(*) FROM (SELECT 1 FROM alerts a{} LIMIT {}) AS found",
                                builder.conditions(), most);
  return query;
}

}  // namespace sonde::store
