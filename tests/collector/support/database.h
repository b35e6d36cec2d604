// A fresh, empty database for one test, of either kind.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "collector/store/pool.h"

namespace sonde::testing {

enum class Kind { kSqlite, kPostgres };

// Removed with the object. PostgreSQL comes from the server that CTest started
// (SONDE_TEST_POSTGRES_URL), or, without one, from a private server that lasts as long as the
// process. A server that cannot be had fails the test: it is never skipped.
class TestDatabase {
 public:
  explicit TestDatabase(Kind kind);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& url() const { return url_; }

 private:
  std::string url_;
  std::string directory_;  // SQLite
  std::string name_;       // PostgreSQL
};

// A test that runs once on each kind: TEST_P(..., ...) with `pool()`.
class StoreTest : public ::testing::TestWithParam<Kind> {
 protected:
  StoreTest();
  store::Pool& pool() { return *pool_; }

  TestDatabase database_;
  std::unique_ptr<store::Pool> pool_;
};

std::string kind_name(const ::testing::TestParamInfo<Kind>& info);

#define SONDE_ON_BOTH_STORES(suite)                                                          \
  INSTANTIATE_TEST_SUITE_P(                                                                  \
      Store, suite,                                                                          \
      ::testing::Values(::sonde::testing::Kind::kSqlite, ::sonde::testing::Kind::kPostgres), \
      ::sonde::testing::kind_name)

}  // namespace sonde::testing
