#include "collector/store/ingest.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "collector/store/alerts.h"
#include "tests/collector/support/database.h"
#include "tests/collector/support/sample.h"

namespace sonde::store {
namespace {

using testing::sample_alert;

class IngestWriterTest : public testing::StoreTest {};
SONDE_ON_BOTH_STORES(IngestWriterTest);

Batch batch_of(int first, int count) {
  Batch batch;
  for (int i = 0; i < count; ++i) batch.alerts.push_back(sample_alert(first + i));
  return batch;
}

TEST_P(IngestWriterTest, BatchesFromManyThreadsAreStoredOnceEach) {
  std::atomic<size_t> accepted = 0;
  std::atomic<size_t> duplicates = 0;
  {
    IngestWriter writer(pool(), {}, [] {});
    std::vector<std::thread> senders;
    for (int sender = 0; sender < 8; ++sender) {
      // Each batch overlaps its neighbour's by half.
      senders.emplace_back([&, sender] {
        for (int round = 0; round < 5; ++round) {
          const auto outcome = writer.commit(batch_of(sender * 10 + round * 100, 20));
          ASSERT_TRUE(outcome.ok()) << outcome.error().message;
          accepted += outcome->accepted;
          duplicates += outcome->duplicates;
        }
      });
    }
    for (std::thread& sender : senders) sender.join();
  }
  EXPECT_EQ(accepted, 5 * 90U);
  EXPECT_EQ(accepted + duplicates, 8 * 5 * 20U);
  EXPECT_EQ(AlertStore(pool()).list({}, 500, std::nullopt)->items.size(), 450U);
}

TEST_P(IngestWriterTest, WhenTooMuchWaitsTheCallerIsToldToKeepIt) {
  IngestLimits limits;
  limits.queued_records = 100;
  auto blocked = pool().write();  // SQLite: nobody else can write meanwhile
  auto transaction = sql::Transaction::begin(**blocked);
  if (GetParam() == testing::Kind::kPostgres) {
    ASSERT_TRUE((*blocked)->query("SELECT pg_advisory_xact_lock(495789269094)").ok());
  }
  IngestWriter writer(pool(), limits, [] {});
  std::thread first([&writer] { EXPECT_TRUE(writer.commit(batch_of(0, 90)).ok()); });
  while (writer.queued_records() < 90) std::this_thread::yield();
  const auto refused = writer.commit(batch_of(1000, 20));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, sql::kBusy);
  {
    const sql::Transaction ended = std::move(*transaction);
  }
  {
    const Lease ended = std::move(*blocked);
  }
  first.join();
  EXPECT_TRUE(writer.commit(batch_of(1000, 20)).ok());
}

TEST_P(IngestWriterTest, SomeoneIsToldOfEachCommit) {
  std::atomic<int> told = 0;
  IngestWriter writer(pool(), {}, [&told] { ++told; });
  ASSERT_TRUE(writer.commit(batch_of(0, 3)).ok());
  EXPECT_EQ(told, 1);
  ASSERT_TRUE(writer.commit(batch_of(0, 3)).ok());
  EXPECT_EQ(told, 1) << "nothing new was stored";
}

}  // namespace
}  // namespace sonde::store
