#include "collector/store/alert_query.h"

#include <gtest/gtest.h>

#include "collector/store/searchable.h"

namespace sonde::store {
namespace {

TEST(SearchExpressionTest, WordsAreQuotedAndJoined) {
  EXPECT_EQ(search_expression(sql::Dialect::kSqlite, "a.b c*"), "\"a\" AND \"b\" AND \"c\"*");
  EXPECT_EQ(search_expression(sql::Dialect::kPostgres, "a.b c*"), "'a' & 'b' & 'c':*");
}

TEST(SearchableFormTest, DiacriticsWidthAndMissingSpacesMakeNoOtherWord) {
  using enum SearchSide;
  EXPECT_EQ(searchable_form("plain ASCII, 1 2", kIndex), "plain ASCII, 1 2");
  EXPECT_EQ(searchable_form("na\u00EFve \u0141\u00F3d\u017A Stra\u00DFe", kIndex),
            "naive lodz Strasse");
  EXPECT_EQ(searchable_form("nai\u0308ve", kQuery), "naive") << "decomposed";
  EXPECT_EQ(searchable_form("\uFF34\uFF4F\uFF4B", kQuery), "Tok") << "full width";
  EXPECT_EQ(searchable_form("x\u63D0\u793A\u6CE8\u5165y", kIndex),
            "x \u63D0\u793A \u793A\u6CE8 \u6CE8\u5165 \u5165 y");
  EXPECT_EQ(searchable_form("\u6CE8\u5165", kQuery), " \u6CE8\u5165 ");
  EXPECT_EQ(search_expression(sql::Dialect::kSqlite, "\u5165"), "(\"\u5165\"*) OR (\"\u5165\")");
  EXPECT_EQ(search_expression(sql::Dialect::kPostgres, "\u63D0\u793A\u6CE8 a"),
            "('\u63D0\u793A' & '\u793A\u6CE8' & 'a') | ('\u63D0\u793A\u6CE8' & 'a')");
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
