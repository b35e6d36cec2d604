// Hands out connections. SQLite has one writer and several readers (WAL); PostgreSQL has one kind.
// Thread-safe. A lease returns its connection when it ends; a dead one is replaced.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collector/store/sql.h"

namespace sonde::store {

class Pool;

class Lease {
 public:
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();
  sql::Connection& operator*() const { return *connection_; }
  sql::Connection* operator->() const { return connection_.get(); }

 private:
  friend class Pool;
  Lease(Pool& pool, bool writer, std::unique_ptr<sql::Connection> connection)
      : pool_(&pool), writer_(writer), connection_(std::move(connection)) {}
  Pool* pool_;
  bool writer_;
  std::unique_ptr<sql::Connection> connection_;
};

class Pool {
 public:
  // Opens all connections and brings the schema up to date.
  static Result<std::unique_ptr<Pool>> open(const std::string& url, size_t connections);

  // Wait at most `kLeaseTimeout`; then Error::code is sql::kBusy.
  Result<Lease> read() { return lease(false); }
  Result<Lease> write() { return lease(true); }

  sql::Dialect dialect() const { return dialect_; }

 private:
  friend class Lease;
  static constexpr std::chrono::seconds kLeaseTimeout{5};

  explicit Pool(std::string url) : url_(std::move(url)) {}
  Result<Lease> lease(bool writer);
  void give_back(bool writer, std::unique_ptr<sql::Connection> connection);
  std::vector<std::unique_ptr<sql::Connection>>& idle(bool writer) {
    return writer && dialect_ == sql::Dialect::kSqlite ? idle_writers_ : idle_;
  }

  std::string url_;
  sql::Dialect dialect_ = sql::Dialect::kSqlite;
  std::mutex mutex_;
  std::condition_variable returned_;
  // A null entry stands for a connection that died and will be opened by whoever takes it.
  std::vector<std::unique_ptr<sql::Connection>> idle_;
  std::vector<std::unique_ptr<sql::Connection>> idle_writers_;
};

}  // namespace sonde::store
