#include "collector/store/uids.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "collector/store/append.h"
#include "collector/store/key.h"
#include "collector/store/search.h"
#include "tests/collector/support/database.h"
#include "tests/collector/support/sample.h"

namespace sonde::store {
namespace {

using testing::kSampleTimeMs;
using testing::sample_alert;

class UidsTest : public testing::StoreTest {
 protected:
  // How many of alerts first..last were new.
  size_t append(int first, int last, UidFilter* filter) {
    std::vector<NewAlert> alerts;
    for (int i = first; i <= last; ++i) alerts.push_back(sample_alert(i));
    auto lease = pool().write();
    auto transaction = sql::Transaction::begin(**lease);
    if (filter != nullptr) filter->begin();
    const auto outcome = append_alerts(**lease, alerts, kSampleTimeMs, filter);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_TRUE(transaction->commit().ok());
    if (!outcome.ok()) return 0;
    size_t added = 0;
    for (const int64_t id : outcome->ids) {
      if (id == 0) continue;
      ++added;
      if (filter != nullptr) filter->committed(id);
    }
    return added;
  }
};
SONDE_ON_BOTH_STORES(UidsTest);

TEST_P(UidsTest, AWriterWithAFilterStoresEachUidOnce) {
  UidFilter filter;
  EXPECT_EQ(append(1, 500, &filter), 500U);
  EXPECT_EQ(append(400, 600, &filter), 100U);
  EXPECT_EQ(append(1, 600, &filter), 0U);
}

TEST_P(UidsTest, AWriterKnowsWhatOthersStoredAndWhatAnEarlierOneDid) {
  UidFilter one;
  UidFilter other;
  EXPECT_EQ(append(1, 100, &one), 100U);
  EXPECT_EQ(append(50, 150, &other), 50U);
  EXPECT_EQ(append(101, 160, &one), 10U) << "the other one's are known";
  UidFilter restarted;
  EXPECT_EQ(append(1, 161, &restarted), 1U);
}

TEST_P(UidsTest, WhatARolledBackTransactionAddedMayBeStoredLater) {
  UidFilter filter;
  EXPECT_EQ(append(1, 10, &filter), 10U);
  {
    auto lease = pool().write();
    auto transaction = sql::Transaction::begin(**lease);
    const std::vector<NewAlert> alerts = {sample_alert(11)};
    ASSERT_TRUE(append_alerts(**lease, alerts, kSampleTimeMs, &filter).ok());
  }
  EXPECT_EQ(append(1, 11, &filter), 1U);
  UidFilter other;
  EXPECT_EQ(append(12, 12, &other), 1U);
  EXPECT_EQ(append(11, 12, &filter), 0U);
}

TEST_P(UidsTest, AUidThatRetentionRemovedIsForgotten) {
  UidFilter filter;
  EXPECT_EQ(append(1, 3, &filter), 3U);
  AlertStore alerts(pool());
  EXPECT_EQ(*alerts.remove_before(kSampleTimeMs + 3000, 100), 2);
  EXPECT_FALSE(alerts.get("alert-1")->has_value());
  EXPECT_EQ(append(1, 3, &filter), 2U);
  EXPECT_TRUE(alerts.get("alert-1")->has_value());
}

TEST(UidFilterTest, KnowsAllItWasToldAndLittleElse) {
  const testing::TestDatabase database(testing::Kind::kSqlite);
  const auto pool = Pool::open(database.url(), 1);
  ASSERT_TRUE(pool.ok());
  {
    auto lease = (*pool)->write();
    ASSERT_TRUE((*lease)
                    ->script("INSERT INTO alerts SELECT 1, 'u', 0, 0, '', '', 0, 0, NULL, NULL, "
                             "'', '', '', '', '', '', 0, '', '', '', '';"
                             "INSERT INTO alert_uids VALUES (0, sonde_key('u'), 1)")
                    .ok());
    UidFilter filter;
    ASSERT_TRUE(filter.catch_up(**lease).ok());
    EXPECT_TRUE(filter.may_know(key_of("u"))) << "SQL and C++ make the same key";
    constexpr int kMany = 500'000;
    for (int i = 0; i < kMany; ++i) filter.add(key_of(fmt::format("in-{}", i)));
    int wrong = 0;
    for (int i = 0; i < kMany; ++i) {
      ASSERT_TRUE(filter.may_know(key_of(fmt::format("in-{}", i))));
      wrong += filter.may_know(key_of(fmt::format("out-{}", i))) ? 1 : 0;
    }
    EXPECT_LT(wrong, kMany / 200);
  }
}

TEST_P(UidsTest, WordsAreFoundAtOnceAndByTheIndexThatFollows) {
  append(1, 5, nullptr);
  SearchIndex index(pool());
  AlertFilter filter;
  filter.query = "number4";
  EXPECT_EQ(AlertStore(pool()).list(filter, 10, std::nullopt)->items.size(), 1U);
  EXPECT_EQ(*index.behind(), 0) << "the search took in what was new";
  append(6, 9, nullptr);
  const bool lags = GetParam() == testing::Kind::kSqlite;
  EXPECT_EQ(*index.behind(), lags ? 4 : 0);
  EXPECT_EQ(*index.advance(3), lags ? 3 : 0);
  EXPECT_EQ(*index.behind(), lags ? 1 : 0);
  // What goes before it was indexed leaves nothing behind.
  EXPECT_EQ(*AlertStore(pool()).remove_before(kSampleTimeMs * 2, 100), 9);
  EXPECT_EQ(*index.advance(100), 0);
  filter.query = "number9";
  EXPECT_TRUE(AlertStore(pool()).list(filter, 10, std::nullopt)->items.empty());
}

}  // namespace
}  // namespace sonde::store
