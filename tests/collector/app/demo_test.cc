#include <set>

#include <gtest/gtest.h>

#include "collector/app/demo_data.h"
#include "collector/store/alerts.h"
#include "collector/store/fleet.h"
#include "collector/store/incidents.h"
#include "tests/collector/support/database.h"

namespace sonde::collector {
namespace {

constexpr int64_t kNowMs = 1'795'430'000'000;

class DemoTest : public testing::StoreTest {
 protected:
  std::set<std::string> stories() {
    std::set<std::string> titles;
    const auto page = store::IncidentStore(pool()).list({}, 500, std::nullopt);
    for (const store::Incident& incident : page->items) {
      if (incident.alert_count > 1) titles.insert(incident.title);
    }
    return titles;
  }
};
SONDE_ON_BOTH_STORES(DemoTest);

TEST_P(DemoTest, TheDataTellsItsStoriesAndNothingElse) {
  const Status filled = fill_demo(pool(), 1, kNowMs);
  ASSERT_TRUE(filled.ok()) << filled.error().message;
  const std::set<std::string> titles = stories();
  // The jailbreak attempts of one user, and three attacks that got further.
  EXPECT_EQ(titles.size(), 4U);
  size_t critical = 0;
  const auto page = store::IncidentStore(pool()).list({}, 500, std::nullopt);
  for (const store::Incident& incident : page->items) {
    critical += incident.severity == store::Severity::kCritical ? 1 : 0;
  }
  EXPECT_EQ(critical, 2U);
  const auto agents = store::FleetStore(pool()).agents();
  EXPECT_EQ(agents->size(), 6U);
  EXPECT_FALSE(fill_demo(pool(), 1, kNowMs).ok()) << "never into a store with alerts";
}

TEST_P(DemoTest, TheSameSeedMakesTheSameData) {
  testing::TestDatabase other(GetParam());
  const auto second = store::Pool::open(other.url(), 2);
  ASSERT_TRUE(second.ok());
  ASSERT_TRUE(fill_demo(pool(), 7, kNowMs).ok());
  ASSERT_TRUE(fill_demo(**second, 7, kNowMs).ok());
  const auto one = store::AlertStore(pool()).list({}, 500, std::nullopt);
  const auto two = store::AlertStore(**second).list({}, 500, std::nullopt);
  ASSERT_EQ(one->items.size(), two->items.size());
  for (size_t i = 0; i < one->items.size(); ++i) {
    EXPECT_EQ(one->items[i].uid, two->items[i].uid);
    EXPECT_EQ(one->items[i].status, two->items[i].status);
  }
}

}  // namespace
}  // namespace sonde::collector
