#include "collector/store/alert_query.h"

#include <gtest/gtest.h>

namespace sonde::store {
namespace {

TEST(SearchExpressionTest, WordsAreQuotedAndJoined) {
  EXPECT_EQ(search_expression(sql::Dialect::kSqlite, "a.b c*"), "\"a\" AND \"b\" AND \"c\"*");
  EXPECT_EQ(search_expression(sql::Dialect::kPostgres, "a.b c*"), "'a' & 'b' & 'c':*");
}

TEST(SearchExpressionTest, NothingButWordsGetsThrough) {
  EXPECT_EQ(search_expression(sql::Dialect::kSqlite, "\" OR 1=1) --"),
            "\"OR\" AND \"1\" AND \"1\"");
  EXPECT_EQ(search_expression(sql::Dialect::kPostgres, "' | !x"), "'x'");
  EXPECT_EQ(search_expression(sql::Dialect::kSqlite, "()*^:"), "");
}

TEST(AlertQueryTest, ValuesTravelAsParametersOnly) {
  AlertFilter filter;
  filter.hosts = {"'; DROP TABLE alerts"};
  filter.query = "'; DROP";
  filter.alerts = {"x'y."};
  const BuiltQuery query =
      build_alert_query(sql::Dialect::kPostgres, filter, 10, AlertCursor{1, 2});
  EXPECT_EQ(query.statement.find("DROP"), std::string::npos);
  EXPECT_EQ(query.statement.find("x'y"), std::string::npos);
  EXPECT_EQ(query.params.size(), 7U);
}

}  // namespace
}  // namespace sonde::store
