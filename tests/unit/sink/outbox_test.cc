#include "agent/sink/outbox.h"

#include <gtest/gtest.h>

namespace sonde::sink {
namespace {

// Remembers what it got; writes block while the gate is closed.
struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> texts;
  bool open = true;
  bool inside = false;
  bool stopped = false;
  bool fails = false;
};

class FakeSink final : public Sink {
 public:
  explicit FakeSink(Seen& seen) : seen_(seen) {}
  std::string_view name() const override { return "fake"; }
  Status write(std::span<const Record> records) override {
    std::unique_lock lock(seen_.mutex);
    seen_.inside = true;
    seen_.changed.notify_all();
    seen_.changed.wait(lock, [&] { return seen_.open; });
    for (const Record& record : records) seen_.texts.push_back(record.json);
    return seen_.fails ? Status(fail("broken")) : Status();
  }
  void stop(std::chrono::milliseconds) override { seen_.stopped = true; }

 private:
  Seen& seen_;
};

Record record(const std::string& json) { return {RecordKind::kAlert, {}, json}; }

TEST(OutboxTest, StopHandsOverAllThatIsQueuedInOrder) {
  Seen seen;
  Counters counters;
  Outbox outbox(std::make_unique<FakeSink>(seen), {}, counters);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(outbox.push(record(std::to_string(i))));
  outbox.stop(std::chrono::seconds(1));
  ASSERT_EQ(seen.texts.size(), 1000U);
  EXPECT_EQ(seen.texts[999], "999");
  EXPECT_TRUE(seen.stopped);
  EXPECT_FALSE(outbox.push(record("late")));
}

TEST(OutboxTest, AFullQueueRefusesAndCountsInsteadOfBlocking) {
  Seen seen;
  seen.open = false;
  Counters counters;
  Outbox outbox(std::make_unique<FakeSink>(seen), {3, 1000}, counters);
  EXPECT_TRUE(outbox.push(record("first")));
  {
    std::unique_lock lock(seen.mutex);
    seen.changed.wait(lock, [&] { return seen.inside; });
  }
  EXPECT_FALSE(outbox.push(record(std::string(1001, 'x')))) << "bytes are bounded too";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(outbox.push(record("queued")));
  EXPECT_FALSE(outbox.push(record("too many")));
  EXPECT_EQ(counters.value(Count::kSinkQueueFull), 2U);
  {
    const std::lock_guard lock(seen.mutex);
    seen.open = true;
    seen.changed.notify_all();
  }
  outbox.stop(std::chrono::seconds(1));
  EXPECT_EQ(seen.texts.size(), 4U);
}

TEST(OutboxTest, AFailureIsCountedAndTheNextRecordsAreTried) {
  Seen seen;
  seen.fails = true;
  Counters counters;
  Outbox outbox(std::make_unique<FakeSink>(seen), {}, counters);
  outbox.push(record("a"));
  outbox.stop(std::chrono::seconds(1));
  EXPECT_EQ(counters.value(Count::kSinkFailed), 1U);
}

}  // namespace
}  // namespace sonde::sink
