#include "collector/store/partitions.h"

#include <set>

#include <gtest/gtest.h>

#include "collector/store/alert_counts.h"
#include "collector/store/append.h"
#include "tests/collector/support/database.h"
#include "tests/collector/support/sample.h"

namespace sonde::store {
namespace {

using testing::kSampleTimeMs;
using testing::sample_alert;

constexpr int64_t kDayMs = 24 * kHourMs;

class PartitionsTest : public testing::StoreTest {
 protected:
  size_t append(std::initializer_list<int> numbers, int64_t now_ms) {
    std::vector<NewAlert> alerts;
    for (const int number : numbers) alerts.push_back(sample_alert(number));
    auto lease = pool().write();
    auto transaction = sql::Transaction::begin(**lease);
    filter_.begin();
    const auto outcome = append_alerts(**lease, alerts, now_ms, &filter_);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_TRUE(transaction->commit().ok());
    size_t added = 0;
    for (const int64_t id : outcome->ids) {
      added += id != 0 ? 1 : 0;
      filter_.committed(id);
    }
    return added;
  }
  std::vector<std::string> uids(size_t page_size = 10) {
    std::vector<std::string> found;
    std::optional<AlertCursor> after;
    do {
      const auto page = alerts_.list({}, page_size, after);
      EXPECT_TRUE(page.ok());
      for (const Alert& alert : page->items) found.push_back(alert.uid);
      after = page->next;
    } while (after);
    return found;
  }
  bool rotate(int64_t now_ms) {
    const auto begun = partitions_.rotate(now_ms, kDayMs);
    EXPECT_TRUE(begun.ok()) << begun.error().message;
    return begun.ok() && *begun;
  }
  bool drop(int64_t before_ms) {
    const auto dropped = partitions_.drop_oldest(before_ms);
    EXPECT_TRUE(dropped.ok()) << dropped.error().message;
    return dropped.ok() && *dropped;
  }
  const bool whole_ = GetParam() == testing::Kind::kPostgres;
  AlertStore alerts_{pool()};
  AlertPartitions partitions_{pool()};
  UidFilter filter_;
};
SONDE_ON_BOTH_STORES(PartitionsTest);

TEST_P(PartitionsTest, ANewOneBeginsWhenTheNewestIsOldEnough) {
  EXPECT_FALSE(rotate(kSampleTimeMs)) << "nothing is in the first";
  append({1}, kSampleTimeMs);
  EXPECT_FALSE(rotate(kSampleTimeMs + kDayMs - 1));
  EXPECT_EQ(rotate(kSampleTimeMs + kDayMs), whole_);
  EXPECT_FALSE(rotate(kSampleTimeMs + 2 * kDayMs)) << "nothing is in the second";
}

TEST_P(PartitionsTest, AlertsAreFoundOverAllOfThemAndStoredOnce) {
  append({1, 3}, kSampleTimeMs);
  rotate(kSampleTimeMs + kDayMs);
  EXPECT_EQ(append({2, 4, 1}, kSampleTimeMs + kDayMs), 2U);
  rotate(kSampleTimeMs + 2 * kDayMs);
  EXPECT_EQ(append({5, 3, 4}, kSampleTimeMs + 2 * kDayMs), 1U);
  const std::vector<std::string> all = {"alert-5", "alert-4", "alert-3", "alert-2", "alert-1"};
  EXPECT_EQ(uids(), all);
  EXPECT_EQ(uids(2), all);
  AlertFilter filter;
  filter.query = "number2";
  EXPECT_EQ(alerts_.list(filter, 10, std::nullopt)->items.size(), 1U);
  WorkChange change;
  change.status = WorkStatus::kResolved;
  EXPECT_TRUE(alerts_.change("alert-3", change)->has_value());
  EXPECT_EQ((*alerts_.get("alert-3"))->status, WorkStatus::kResolved);
  // Ids grow over the partitions: a follower misses nothing.
  const auto arrived = alerts_.arrived_after(0, 10);
  ASSERT_TRUE(arrived.ok() && arrived->size() == 5U);
  EXPECT_EQ(arrived->front().uid, "alert-1");
  EXPECT_EQ(arrived->back().uid, "alert-5");
}

TEST_P(PartitionsTest, TheOldestGoesWholeWhenAllOfItIsTooOld) {
  append({1, 2}, kSampleTimeMs);
  ASSERT_TRUE(alerts_.add_comment("alert:alert-1", "ada", "seen", 5).ok());
  EXPECT_FALSE(drop(kSampleTimeMs * 2)) << "the newest is never dropped";
  rotate(kSampleTimeMs + kDayMs);
  append({3}, kSampleTimeMs + kDayMs);
  EXPECT_FALSE(drop(kSampleTimeMs + 2000)) << "alert-2 is not older than that";
  EXPECT_EQ(drop(kSampleTimeMs + 2001), whole_);
  EXPECT_FALSE(drop(kSampleTimeMs + 2001));
  EXPECT_EQ(*alerts_.remove_before(kSampleTimeMs + 2001, 10), whole_ ? 0 : 2);
  EXPECT_EQ(uids(), std::vector<std::string>{"alert-3"});
  EXPECT_FALSE(alerts_.get("alert-1")->has_value());
  EXPECT_TRUE(alerts_.comments("alert:alert-1")->empty());
  EXPECT_EQ(append({1, 3}, kSampleTimeMs + kDayMs), 1U);
}

}  // namespace
}  // namespace sonde::store
