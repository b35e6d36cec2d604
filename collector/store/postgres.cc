// sql::Connection over libpq. Parameters travel as text, rows come back as text with type OIDs.
#include <charconv>
#include <numeric>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "collector/store/sql.h"

namespace sonde::store::sql {
namespace {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, ClearResult>;

// Type OIDs are part of PostgreSQL's catalogue and do not change (pg_type.dat).
constexpr Oid kBool = 16;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;

constexpr size_t kCopyChunk = 256 << 10;

Value read_cell(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column)) return nullptr;
  const std::string_view text(PQgetvalue(result, row, column),
                              static_cast<size_t>(PQgetlength(result, row, column)));
  switch (PQftype(result, column)) {
    case kBool:
      return int64_t{text == "t"};
    case kInt2:
    case kInt4:
    case kInt8: {
      int64_t value = 0;
      std::from_chars(text.data(), text.data() + text.size(), value);
      return value;
    }
    case kFloat4:
    case kFloat8: {
      double value = 0;
      std::from_chars(text.data(), text.data() + text.size(), value);
      return value;
    }
    default:
      return std::string(text);
  }
}

Rows read_rows(const PGresult* result) {
  Rows rows;
  const int columns = PQnfields(result);
  rows.reserve(static_cast<size_t>(PQntuples(result)));
  for (int row = 0; row < PQntuples(result); ++row) {
    std::vector<Value> values;
    values.reserve(static_cast<size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      values.push_back(read_cell(result, row, column));
    }
    rows.emplace_back(std::move(values));
  }
  return rows;
}

// Owns the NUL-terminated texts that libpq wants. PostgreSQL's text cannot hold U+0000; readers of
// alerts replace it, so a NUL here ends the text early instead of failing a whole batch.
class TextParams {
 public:
  explicit TextParams(Params params) {
    texts_.reserve(params.size());
    for (const Param& param : params) {
      if (const auto* integer = std::get_if<int64_t>(&param)) {
        texts_.push_back(fmt::format("{}", *integer));
      } else if (const auto* real = std::get_if<double>(&param)) {
        texts_.push_back(fmt::format("{}", *real));
      } else if (const auto* text = std::get_if<std::string_view>(&param)) {
        texts_.emplace_back(*text);
      } else {
        texts_.emplace_back();
      }
    }
    for (size_t i = 0; i < params.size(); ++i) {
      const bool null = std::holds_alternative<std::nullptr_t>(params[i]);
      pointers_.push_back(null ? nullptr : texts_[i].c_str());
    }
  }
  int count() const { return static_cast<int>(pointers_.size()); }
  const char* const* data() const { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

// An element of an array literal: quoted, with quote and backslash escaped (PostgreSQL 8.15.6).
void append_element(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c != '\0') out += c;
  }
  out += '"';
}

// A field in COPY's text format (PostgreSQL, COPY, "Text Format"). U+0000 cannot be stored.
void append_field(std::string& out, const Param& param) {
  if (const auto* integer = std::get_if<int64_t>(&param)) {
    fmt::format_to(std::back_inserter(out), "{}", *integer);
  } else if (const auto* real = std::get_if<double>(&param)) {
    fmt::format_to(std::back_inserter(out), "{}", *real);
  } else if (const auto* text = std::get_if<std::string_view>(&param)) {
    for (const char c : *text) {
      switch (c) {
        case '\\':
          out += "\\\\";
          break;
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        case '\0':
          break;
        default:
          out += c;
      }
    }
  } else {
    out += "\\N";
  }
}

class PostgresConnection final : public Connection {
 public:
  explicit PostgresConnection(PGconn* connection) : connection_(connection) {}

  using Connection::execute;
  using Connection::query;

  Dialect dialect() const override { return Dialect::kPostgres; }
  bool alive() const override { return PQstatus(connection_.get()) == CONNECTION_OK; }

  Result<Rows> query(std::string_view text, Params params) override {
    auto answer = run(text, params);
    if (!answer.ok()) return tl::unexpected<Error>(answer.error());
    return read_rows(answer->get());
  }

  Result<int64_t> execute(std::string_view text, Params params) override {
    auto answer = run(text, params);
    if (!answer.ok()) return tl::unexpected<Error>(answer.error());
    const std::string_view count = PQcmdTuples(answer->get());
    int64_t changed = 0;
    std::from_chars(count.data(), count.data() + count.size(), changed);
    return changed;
  }

  Status script(std::string_view statements) override {
    const Answer answer(PQexec(connection_.get(), std::string(statements).c_str()));
    if (const Status checked = check(answer.get()); !checked.ok()) return checked;
    return {};
  }

  // COPY is the fastest way in, but knows no ON CONFLICT. So the table's writers of this kind take
  // turns (until their transactions end), and what is there already is sorted out first.
  Result<std::vector<int64_t>> insert_many(const BulkInsert& insert, Params cells) override {
    const auto locked = query("SELECT pg_advisory_xact_lock(hashtext($1))", {insert.table});
    if (!locked.ok()) return tl::unexpected<Error>(locked.error());
    const size_t width = insert.columns.size();
    std::vector<int64_t> ids(cells.size() / width, 0);
    if (ids.empty()) return ids;
    auto fresh = new_rows(insert, cells);
    if (!fresh.ok()) return tl::unexpected<Error>(fresh.error());
    if (fresh->empty()) return ids;
    const auto numbers = query(
        "SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2::bigint)",
        {insert.table, static_cast<int64_t>(fresh->size())});
    if (!numbers.ok()) return tl::unexpected<Error>(numbers.error());
    for (size_t i = 0; i < fresh->size(); ++i) ids[(*fresh)[i]] = (*numbers)[i].integer(0);
    if (const Status copied = copy_rows(insert, cells, *fresh, ids); !copied.ok()) {
      return tl::unexpected<Error>(copied.error());
    }
    return ids;
  }

  Status append_many(const BulkInsert& insert, Params cells) override {
    return copy_rows(insert, cells, all_rows(cells.size() / insert.columns.size()), {});
  }

 private:
  static std::vector<size_t> all_rows(size_t count) {
    std::vector<size_t> rows(count);
    std::iota(rows.begin(), rows.end(), size_t{0});
    return rows;
  }

  // The rows whose key is neither stored nor further up in the batch.
  Result<std::vector<size_t>> new_rows(const BulkInsert& insert, Params cells) {
    const size_t width = insert.columns.size();
    if (insert.key == kNoKey) return all_rows(cells.size() / width);
    std::string keys = "{";
    for (size_t at = insert.key; at < cells.size(); at += width) {
      if (keys.size() > 1) keys += ',';
      append_element(keys, std::get<std::string_view>(cells[at]));
    }
    keys += '}';
    const std::string_view key = insert.columns[insert.key].name;
    const auto rows =
        query(fmt::format("SELECT {0} FROM {1} WHERE {0} = ANY($1::text[])", key, insert.table),
              {std::string_view(keys)});
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    std::unordered_set<std::string> known;
    for (const Row& row : *rows) known.insert(row.text(0));
    std::vector<size_t> fresh;
    for (size_t row = 0; row < cells.size() / width; ++row) {
      const auto text = std::get<std::string_view>(cells[row * width + insert.key]);
      if (known.emplace(text).second) fresh.push_back(row);
    }
    return fresh;
  }

  // `ids` is empty for a table without ids.
  Status copy_rows(const BulkInsert& insert, Params cells, const std::vector<size_t>& rows,
                   const std::vector<int64_t>& ids) {
    if (rows.empty()) return {};
    std::string names = ids.empty() ? "" : "id";
    for (const Column& column : insert.columns) {
      if (!names.empty()) names += ',';
      names += column.name;
    }
    const Answer begun(PQexec(connection_.get(),
                              fmt::format("COPY {} ({}) FROM STDIN", insert.table, names).c_str()));
    if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return check(begun.get());
    const size_t width = insert.columns.size();
    std::string data;
    for (const size_t row : rows) {
      if (!ids.empty()) fmt::format_to(std::back_inserter(data), "{}", ids[row]);
      for (size_t column = 0; column < width; ++column) {
        if (column > 0 || !ids.empty()) data += '\t';
        append_field(data, cells[row * width + column]);
      }
      data += '\n';
      if (data.size() >= kCopyChunk) send(data);
    }
    send(data);
    PQputCopyEnd(connection_.get(), nullptr);
    // The first result is COPY's own, then libpq wants to be asked until there is none.
    Status done;
    while (PGresult* result = PQgetResult(connection_.get())) {
      const Answer answer(result);
      if (const Status checked = check(result); !checked.ok() && done.ok()) done = checked;
    }
    return done;
  }

  // A failure here comes back as the result of the COPY.
  void send(std::string& data) {
    if (data.empty()) return;
    (void)PQputCopyData(connection_.get(), data.data(), static_cast<int>(data.size()));
    data.clear();
  }

  Result<Answer> run(std::string_view text, Params params) {
    const auto name = prepare(text);
    if (!name.ok()) return tl::unexpected<Error>(name.error());
    const TextParams values(params);
    Answer answer(PQexecPrepared(connection_.get(), name->c_str(), values.count(), values.data(),
                                 nullptr, nullptr, 0));
    if (const Status checked = check(answer.get()); !checked.ok()) {
      return tl::unexpected<Error>(checked.error());
    }
    return answer;
  }

  Result<std::string> prepare(std::string_view text) {
    if (const auto found = statements_.find(std::string(text)); found != statements_.end()) {
      return found->second;
    }
    std::string name = fmt::format("s{}", statements_.size());
    const Answer answer(
        PQprepare(connection_.get(), name.c_str(), std::string(text).c_str(), 0, nullptr));
    if (const Status checked = check(answer.get()); !checked.ok()) {
      return tl::unexpected<Error>(checked.error());
    }
    statements_.emplace(std::string(text), name);
    return name;
  }

  Status check(const PGresult* result) const {
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return {};
    std::string message = result ? PQresultErrorMessage(result) : PQerrorMessage(connection_.get());
    while (!message.empty() && message.back() == '\n') message.pop_back();
    const char* field = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    return fail(fmt::format("PostgreSQL: {}", message), kind(field ? field : ""));
  }

  // By SQLSTATE class (PostgreSQL, appendix A).
  int kind(std::string_view state) const {
    if (PQstatus(connection_.get()) != CONNECTION_OK || state.starts_with("08") ||
        state.starts_with("57P")) {
      return kDisconnected;
    }
    if (state.starts_with("40") || state.starts_with("53") || state.starts_with("55P")) {
      return kBusy;
    }
    return state.starts_with("23") ? kConstraint : 0;
  }

  std::unique_ptr<PGconn, FinishConnection> connection_;
  std::unordered_map<std::string, std::string> statements_;
};

}  // namespace

Result<std::unique_ptr<Connection>> connect_postgres(const std::string& url) {
  // Later keywords win over the URI: UTF-8 always, and a name that an administrator recognises.
  const char* keywords[] = {"dbname", "client_encoding", "fallback_application_name",
                            "connect_timeout", nullptr};
  const char* values[] = {url.c_str(), "UTF8", "sonde-collector", "10", nullptr};
  PGconn* raw = PQconnectdbParams(keywords, values, 1);
  auto connection = std::make_unique<PostgresConnection>(raw);
  if (!connection->alive()) {
    std::string message = PQerrorMessage(raw);
    while (!message.empty() && message.back() == '\n') message.pop_back();
    return fail(fmt::format("cannot connect to PostgreSQL: {}", message), kDisconnected);
  }
  // A notice goes to stderr by default; ours are only "already exists".
  PQsetNoticeProcessor(raw, [](void*, const char*) {}, nullptr);
  // Statements over thirty partitions look dear enough to be compiled, which takes a second, and
  // run for a few milliseconds.
  if (const Status set = connection->script("SET jit = off"); !set.ok()) {
    return tl::unexpected<Error>(set.error());
  }
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace sonde::store::sql
