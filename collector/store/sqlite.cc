// sql::Connection over SQLite in WAL mode.
#include <chrono>
#include <map>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <sqlite3.h>

#include "collector/store/key.h"
#include "collector/store/packed.h"
#include "collector/store/sql.h"

namespace sonde::store::sql {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// Leaves the statement ready for its next use however the function ends; SQLite then drops its read
// lock, and no parameter points at memory that is gone.
class ResetLater {
 public:
  explicit ResetLater(sqlite3_stmt* statement) : statement_(statement) {}
  ~ResetLater() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  ResetLater(const ResetLater&) = delete;
  ResetLater& operator=(const ResetLater&) = delete;

 private:
  sqlite3_stmt* statement_;
};

Value read_column(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return static_cast<int64_t>(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_NULL:
      return nullptr;
    default: {
      const auto* text = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
      return text ? std::string(text, size) : std::string();
    }
  }
}

int bind(sqlite3_stmt* statement, int index, const Param& param) {
  if (const auto* integer = std::get_if<int64_t>(&param)) {
    return sqlite3_bind_int64(statement, index, *integer);
  }
  if (const auto* real = std::get_if<double>(&param)) {
    return sqlite3_bind_double(statement, index, *real);
  }
  if (const auto* text = std::get_if<std::string_view>(&param)) {
    // What is packed is no text, and other programs that open the file should not take it for one.
    if (is_packed(*text)) {
      return sqlite3_bind_blob64(statement, index, text->data(), text->size(), SQLITE_STATIC);
    }
    return sqlite3_bind_text64(statement, index, text->data() ? text->data() : "", text->size(),
                               SQLITE_STATIC, SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, index);
}

// SQLite takes $1 for a name; ?1 is its numbered form. No statement of ours holds a literal '$'.
std::string numbered(std::string_view statement) {
  std::string text(statement);
  for (char& c : text) {
    if (c == '$') c = '?';
  }
  return text;
}

std::string insert_statement(const BulkInsert& insert) {
  std::string names;
  std::string values;
  for (size_t i = 0; i < insert.columns.size(); ++i) {
    fmt::format_to(std::back_inserter(names), "{}{}", i ? "," : "", insert.columns[i].name);
    fmt::format_to(std::back_inserter(values), "{}${}", i ? "," : "", i + 1);
  }
  return fmt::format("INSERT INTO {} ({}) VALUES ({}){}", insert.table, names, values,
                     insert.key == kNoKey ? "" : " ON CONFLICT DO NOTHING");
}

class SqliteConnection final : public Connection {
 public:
  explicit SqliteConnection(Database database) : database_(std::move(database)) {}

  using Connection::execute;
  using Connection::query;

  Dialect dialect() const override { return Dialect::kSqlite; }
  bool alive() const override { return true; }

  Result<Rows> query(std::string_view text, Params params) override {
    auto statement = prepare(text);
    if (!statement.ok()) return tl::unexpected<Error>(statement.error());
    const ResetLater reset(*statement);
    if (const Status bound = bind_all(*statement, params); !bound.ok()) {
      return tl::unexpected<Error>(bound.error());
    }
    Rows rows;
    const int columns = sqlite3_column_count(*statement);
    int code = 0;
    while ((code = sqlite3_step(*statement)) == SQLITE_ROW) {
      std::vector<Value> values;
      values.reserve(static_cast<size_t>(columns));
      for (int i = 0; i < columns; ++i) values.push_back(read_column(*statement, i));
      rows.emplace_back(std::move(values));
    }
    if (code != SQLITE_DONE) return failure(code);
    return rows;
  }

  Result<int64_t> execute(std::string_view text, Params params) override {
    // sqlite3_changes() keeps the figure of an earlier statement when this one changes nothing.
    const int64_t before = sqlite3_total_changes64(database_.get());
    const auto rows = query(text, params);
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    const int64_t after = sqlite3_total_changes64(database_.get());
    return after == before ? 0 : sqlite3_changes64(database_.get());
  }

  Status script(std::string_view statements) override {
    const int code =
        sqlite3_exec(database_.get(), std::string(statements).c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return {};
  }

  Status append_many(const BulkInsert& insert, Params cells) override {
    if (const auto ids = insert_many(insert, cells); !ids.ok()) {
      return tl::unexpected<Error>(ids.error());
    }
    return {};
  }

  Result<std::vector<int64_t>> insert_many(const BulkInsert& insert, Params cells) override {
    auto statement = prepare(insert_statement(insert));
    if (!statement.ok()) return tl::unexpected<Error>(statement.error());
    std::vector<int64_t> ids;
    ids.reserve(cells.size() / insert.columns.size());
    for (size_t at = 0; at < cells.size(); at += insert.columns.size()) {
      const ResetLater reset(*statement);
      if (const Status bound = bind_all(*statement, cells.subspan(at, insert.columns.size()));
          !bound.ok()) {
        return tl::unexpected<Error>(bound.error());
      }
      const int64_t before = sqlite3_total_changes64(database_.get());
      const int code = sqlite3_step(*statement);
      if (code != SQLITE_DONE) return failure(code);
      const bool inserted = sqlite3_total_changes64(database_.get()) != before;
      ids.push_back(inserted ? sqlite3_last_insert_rowid(database_.get()) : 0);
    }
    return ids;
  }

 private:
  Result<sqlite3_stmt*> prepare(std::string_view text) {
    if (const auto found = statements_.find(text); found != statements_.end()) {
      return found->second.get();
    }
    sqlite3_stmt* raw = nullptr;
    const std::string native = numbered(text);
    const int code =
        sqlite3_prepare_v3(database_.get(), native.data(), static_cast<int>(native.size()),
                           SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return statements_.emplace(std::string(text), Statement(raw)).first->second.get();
  }

  Status bind_all(sqlite3_stmt* statement, Params params) {
    for (size_t i = 0; i < params.size(); ++i) {
      const int code = bind(statement, static_cast<int>(i + 1), params[i]);
      if (code != SQLITE_OK) return failure(code);
    }
    return {};
  }

  tl::unexpected<Error> failure(int code) const {
    const int primary = code & 0xff;
    int kind = 0;
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) kind = kBusy;
    if (primary == SQLITE_CONSTRAINT) kind = kConstraint;
    return fail(fmt::format("SQLite: {}", sqlite3_errmsg(database_.get())), kind);
  }

  Database database_;
  std::map<std::string, Statement, std::less<>> statements_;
};

// sonde_key(text), for migrations; the collector computes it itself.
void sql_key(sqlite3_context* context, int, sqlite3_value** values) {
  const auto* text = static_cast<const char*>(sqlite3_value_blob(values[0]));
  const auto size = static_cast<size_t>(sqlite3_value_bytes(values[0]));
  sqlite3_result_int64(context, key_of(text ? std::string_view(text, size) : std::string_view()));
}

// FULL: a commit is on the disk before it is acknowledged to an agent, which then forgets the
// alert. Pages of 16 KiB hold several alerts each (measured: 40 % less CPU an alert than 4 KiB).
// The cache and the mapping bound memory; checkpoints keep the log from growing for ever.
constexpr std::string_view kPragmas = R"(
PRAGMA busy_timeout = 10000;
PRAGMA page_size = 16384;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -65536;
PRAGMA mmap_size = 268435456;
PRAGMA wal_autocheckpoint = 4096;
PRAGMA journal_size_limit = 134217728;
)";

}  // namespace

Result<std::unique_ptr<Connection>> connect_sqlite(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) {
    return fail(fmt::format("cannot open the database '{}': {}", path, sqlite3_errstr(code)));
  }
  if (sqlite3_create_function_v2(raw, "sonde_key", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                                 sql_key, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fail(fmt::format("cannot open the database '{}': {}", path, sqlite3_errmsg(raw)));
  }
  auto connection = std::make_unique<SqliteConnection>(std::move(database));
  // Turning WAL on does not wait for the lock as other statements do: another process that opens
  // the same new file at the same moment makes it fail at once.
  Status set = connection->script(kPragmas);
  for (int i = 0; i < 500 && !set.ok() && set.error().code == kBusy; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    set = connection->script(kPragmas);
  }
  if (!set.ok()) {
    return fail(fmt::format("cannot open the database '{}': {}", path, set.error().message));
  }
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace sonde::store::sql
