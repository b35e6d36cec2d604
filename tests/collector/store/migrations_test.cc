#include "collector/store/migrations.h"

#include <array>
#include <thread>

#include <gtest/gtest.h>

#include "tests/collector/support/database.h"

namespace sonde::store {
namespace {

class MigrationsTest : public testing::StoreTest {};
SONDE_ON_BOTH_STORES(MigrationsTest);

TEST_P(MigrationsTest, AFreshStoreIsAtTheLatestVersionAndMigratingAgainChangesNothing) {
  auto lease = pool().write();
  ASSERT_TRUE(lease.ok());
  ASSERT_TRUE(migrate(**lease).ok());
  const auto rows = (*lease)->query("SELECT COUNT(*), MAX(version) FROM schema_version");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->front().integer(0), latest_schema_version());
  EXPECT_EQ(rows->front().integer(1), latest_schema_version());
}

TEST_P(MigrationsTest, AStoreOfANewerProgramIsRefused) {
  auto lease = pool().write();
  ASSERT_TRUE(lease.ok());
  ASSERT_TRUE((*lease)
                  ->execute("INSERT INTO schema_version (version) VALUES ($1)",
                            {latest_schema_version() + 1})
                  .ok());
  const Status migrated = migrate(**lease);
  ASSERT_FALSE(migrated.ok());
  EXPECT_NE(migrated.error().message.find("newer sonde-collector"), std::string::npos);
}

TEST_P(MigrationsTest, ReplicasThatStartTogetherMigrateOnce) {
  const testing::TestDatabase empty(GetParam());
  std::vector<std::thread> replicas;
  std::array<bool, 4> opened{};
  for (bool& ok : opened) {
    replicas.emplace_back([&empty, &ok] { ok = Pool::open(empty.url(), 1).ok(); });
  }
  for (std::thread& replica : replicas) replica.join();
  for (const bool ok : opened) EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace sonde::store
