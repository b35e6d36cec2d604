#include "collector/store/alert_page.h"

#include <algorithm>

#include "collector/store/alert_query.h"

namespace sonde::store {
namespace {

// The first stretches are short, because words that people look for are often frequent; later ones
// grow, because each costs a few statements.
constexpr size_t kFirstStretch = 1000;
constexpr size_t kLongestStretch = 65'536;
// After so many alerts it is worth asking whether the words are rare.
constexpr size_t kAskAfter = 3000;
// Ids further apart than this many times the stretch's alerts belong mostly to others: some agent
// delivered late.
constexpr int64_t kDense = 8;

Result<sql::Rows> run(sql::Connection& connection, const BuiltQuery& query) {
  return connection.query(query.statement, sql::Params(query.params));
}

// Fills the page from rows in order; false once it is full and there is more.
bool take(const sql::Rows& rows, size_t limit, AlertPage& page) {
  for (const sql::Row& row : rows) {
    if (page.items.size() == limit) {
      if (!page.items.empty()) {
        page.next = AlertCursor{page.items.back().time_ms, page.items.back().id};
      }
      return false;
    }
    page.items.push_back(read_alert_row(row));
  }
  return true;
}

// By one statement.
Result<AlertPage> at_once(sql::Connection& connection, const AlertFilter& filter, size_t limit,
                          std::optional<AlertCursor> after, const AlertFilter* driver) {
  // One more than asked for tells whether there is a next page.
  const auto rows = run(connection, build_alert_query(connection.dialect(), filter, limit + 1,
                                                      after, {driver, nullptr}));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  AlertPage page;
  (void)take(*rows, limit, page);
  return page;
}

Result<int64_t> count(sql::Connection& connection, const AlertFilter& part) {
  const auto rows = run(connection, build_count_query(connection.dialect(), part));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return rows->front().integer(0);
}

// The part of the filter, words aside, that the fewest alerts pass, if they are few: without it, a
// database would walk through all alerts for a value that is rare or absent.
Result<std::optional<AlertFilter>> rarest(sql::Connection& connection, const AlertFilter& filter) {
  std::optional<AlertFilter> driver;
  int64_t fewest = kRare;
  for (AlertFilter& part : single_filters(filter)) {
    if (!part.query.empty()) continue;
    const auto found = count(connection, part);
    if (!found.ok()) return tl::unexpected<Error>(found.error());
    if (*found >= fewest) continue;
    fewest = *found;
    driver = std::move(part);
  }
  return driver;
}

// The next `size` alerts, whatever they hold; nullopt where fewer are left.
Result<std::optional<AlertWindow>> next_stretch(sql::Connection& connection,
                                                const AlertFilter& filter, size_t size,
                                                std::optional<AlertCursor> after) {
  const auto last = run(connection, build_window_query(filter, size, after));
  if (!last.ok()) return tl::unexpected<Error>(last.error());
  // The oldest of all: ids begin with 1.
  AlertWindow window;
  window.oldest = last->empty() ? AlertCursor{INT64_MIN, 0}
                                : AlertCursor{last->front().integer(0), last->front().integer(1)};
  if (connection.dialect() == sql::Dialect::kSqlite) {
    const auto ids = run(connection, build_ids_query(filter, window.oldest, after));
    if (!ids.ok()) return tl::unexpected<Error>(ids.error());
    if (ids->front().is_null(0)) return std::optional<AlertWindow>();
    window.lowest_id = ids->front().integer(0);
    window.highest_id = ids->front().integer(1);
    window.dense = window.highest_id - window.lowest_id < kDense * static_cast<int64_t>(size);
  }
  return std::optional(window);
}

// While it lives, PostgreSQL plans each statement for the words and times it is about. A plan for
// any words would look into the text of every alert of a stretch, which costs more than all the
// rest.
class PlanEach {
 public:
  explicit PlanEach(sql::Connection& connection) : connection_(connection) {
    if (connection.dialect() == sql::Dialect::kPostgres) {
      (void)connection.script("SET plan_cache_mode = force_custom_plan");
    }
  }
  ~PlanEach() {
    if (connection_.dialect() == sql::Dialect::kPostgres) {
      (void)connection_.script("RESET plan_cache_mode");
    }
  }
  PlanEach(const PlanEach&) = delete;
  PlanEach& operator=(const PlanEach&) = delete;

 private:
  sql::Connection& connection_;
};

bool is_last(const AlertWindow& window) { return window.oldest.time_ms == INT64_MIN; }

Result<AlertPage> stretch_by_stretch(sql::Connection& connection, const AlertFilter& filter,
                                     size_t limit, std::optional<AlertCursor> after,
                                     size_t most_searched) {
  const PlanEach plan(connection);
  AlertPage page;
  std::optional<AlertCursor> position = after;
  bool asked = false;
  size_t size = kFirstStretch;
  for (size_t searched = 0; searched < most_searched; size = std::min(2 * size, kLongestStretch)) {
    if (searched >= kAskAfter && !asked) {
      asked = true;
      AlertFilter words;
      words.query = filter.query;
      const auto found = count(connection, words);
      if (!found.ok()) return tl::unexpected<Error>(found.error());
      if (*found < kRare) return at_once(connection, filter, limit, after, &words);
    }
    const auto window = next_stretch(connection, filter, size, position);
    if (!window.ok()) return tl::unexpected<Error>(window.error());
    if (!*window) return page;
    const auto rows = run(
        connection, build_alert_query(connection.dialect(), filter, limit + 1 - page.items.size(),
                                      position, {nullptr, &**window}));
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    if (!take(*rows, limit, page) || is_last(**window)) return page;
    searched += size;
    position = (*window)->oldest;
  }
  page.next = position;
  page.searched_back_to_ms = position->time_ms;
  return page;
}

}  // namespace

Result<AlertPage> read_alert_page(sql::Connection& connection, const AlertFilter& filter,
                                  size_t limit, std::optional<AlertCursor> after,
                                  size_t most_searched) {
  const auto driver = rarest(connection, filter);
  if (!driver.ok()) return tl::unexpected<Error>(driver.error());
  if (*driver || filter.query.empty() || filter.incident_id) {
    return at_once(connection, filter, limit, after, *driver ? &**driver : nullptr);
  }
  return stretch_by_stretch(connection, filter, limit, after, most_searched);
}

}  // namespace sonde::store
