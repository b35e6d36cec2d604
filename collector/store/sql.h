// The seam between what the collector stores and where: one connection to one database.
//
// Statements are written once for both dialects: parameters are $1..$n, conflicts are
// ON CONFLICT DO NOTHING, ids come back through RETURNING. What differs (types of a schema, search)
// asks dialect(). A connection belongs to one thread at a time; the Pool hands it out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/base/result.h"

namespace sonde::store::sql {

enum class Dialect { kSqlite, kPostgres };

// A parameter borrows its text for the length of the call.
using Param = std::variant<std::nullptr_t, int64_t, double, std::string_view>;
using Params = std::span<const Param>;

// A result owns its text.
using Value = std::variant<std::nullptr_t, int64_t, double, std::string>;

// One row of an answer. A column of another type than the one asked for answers the zero value:
// the schema is ours, so a mismatch is a bug that the tests of each statement find.
class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  bool is_null(size_t column) const {
    return std::holds_alternative<std::nullptr_t>(values_[column]);
  }
  int64_t integer(size_t column) const {
    const auto* value = std::get_if<int64_t>(&values_[column]);
    return value ? *value : 0;
  }
  double real(size_t column) const {
    if (const auto* value = std::get_if<double>(&values_[column])) return *value;
    return static_cast<double>(integer(column));
  }
  const std::string& text(size_t column) const {
    static const std::string empty;
    const auto* value = std::get_if<std::string>(&values_[column]);
    return value ? *value : empty;
  }

 private:
  std::vector<Value> values_;
};
using Rows = std::vector<Row>;

enum class Type { kInteger, kReal, kText };
struct Column {
  std::string_view name;
  Type type;
};

// INSERT of many rows that skips those whose `key` (a unique text column) is there already.
inline constexpr size_t kNoKey = SIZE_MAX;
struct BulkInsert {
  std::string_view table;
  std::span<const Column> columns;
  size_t key = kNoKey;  // index into columns; kNoKey: every row is new
};

// Error::code of a failed call, where the caller decides by it.
inline constexpr int kBusy = 1;          // locked or overloaded: worth another try
inline constexpr int kDisconnected = 2;  // the connection is gone: take another one
inline constexpr int kConstraint = 3;    // a UNIQUE or CHECK refused the row

class Connection {
 public:
  virtual ~Connection() = default;
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  virtual Dialect dialect() const = 0;
  // One statement; prepared once for each text, so texts must come from a small set.
  virtual Result<Rows> query(std::string_view statement, Params params) = 0;
  Result<Rows> query(std::string_view statement, std::initializer_list<Param> params = {}) {
    return query(statement, Params(params.begin(), params.size()));
  }
  // Rows changed by an INSERT, UPDATE or DELETE.
  virtual Result<int64_t> execute(std::string_view statement, Params params) = 0;
  Result<int64_t> execute(std::string_view statement, std::initializer_list<Param> params = {}) {
    return execute(statement, Params(params.begin(), params.size()));
  }
  // Several statements without parameters.
  virtual Status script(std::string_view statements) = 0;
  // `cells` holds the rows one after another. Answers each row's id, 0 for a row that was skipped.
  virtual Result<std::vector<int64_t>> insert_many(const BulkInsert& insert, Params cells) = 0;
  // The same for a table that has no id and for rows that are all new.
  virtual Status append_many(const BulkInsert& insert, Params cells) = 0;
  // False once the server hung up; the Pool then opens another.
  virtual bool alive() const = 0;
};

// Many ids in one parameter: their list, and the condition that `column` is one of parameter $n.
std::string id_list(Dialect dialect, std::span<const int64_t> ids);
std::string one_of(Dialect dialect, std::string_view column, size_t n);

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  ~Transaction();
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  Status commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

// "sqlite:/var/lib/x.db" or "postgresql://user@host/name" (libpq's URI).
Result<std::unique_ptr<Connection>> connect(const std::string& url);
Result<std::unique_ptr<Connection>> connect_sqlite(const std::string& path);
Result<std::unique_ptr<Connection>> connect_postgres(const std::string& url);

}  // namespace sonde::store::sql
