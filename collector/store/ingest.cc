#include "collector/store/ingest.h"

#include <algorithm>
#include <utility>

#include "collector/store/append.h"
#include "collector/store/fleet.h"
#include "collector/store/suppressions.h"

namespace sonde::store {
namespace {

// Of the writing thread: each writer has one, and it writes to one store.
UidFilter& known_uids() {
  thread_local UidFilter known;
  return known;
}

// What a suppression covers is stored as such.
Result<AppendOutcome> suppress_and_append(sql::Connection& connection,
                                          std::vector<NewAlert>& alerts, int64_t received_ms,
                                          UidFilter& known) {
  const auto suppressed = SuppressionStore::apply(connection, alerts, received_ms);
  if (!suppressed.ok()) return tl::unexpected<Error>(suppressed.error());
  return append_alerts(connection, alerts, received_ms, &known);
}

// Reads what is stored before the first batch comes: of ten million alerts that takes seconds. It
// keeps nobody from writing: ids appear in order, and what appears meanwhile is read with the
// batch. What fails here is tried again with the batch.
void know_what_is_stored(Pool& pool) {
  auto lease = pool.read();
  if (!lease.ok()) return;
  UidFilter& known = known_uids();
  known.begin();
  if (known.catch_up(**lease).ok()) known.committed(0);
}

Result<BatchOutcome> write_batch(sql::Connection& connection, Batch& batch, UidFilter& known,
                                 int64_t& newest_id) {
  BatchOutcome outcome;
  const auto appended = suppress_and_append(connection, batch.alerts, batch.received_ms, known);
  if (!appended.ok()) return tl::unexpected<Error>(appended.error());
  for (const int64_t id : appended->ids) {
    ++(id ? outcome.accepted : outcome.duplicates);
    newest_id = std::max(newest_id, id);
  }
  auto activities = FleetStore::record_activity(connection, batch.activities);
  if (!activities.ok()) return tl::unexpected<Error>(activities.error());
  outcome.accepted += activities->added;
  outcome.duplicates += batch.activities.size() - activities->added;
  const auto own = suppress_and_append(connection, activities->alerts, batch.received_ms, known);
  if (!own.ok()) return tl::unexpected<Error>(own.error());
  for (const int64_t id : own->ids) newest_id = std::max(newest_id, id);
  for (const Heartbeat& heartbeat : batch.heartbeats) {
    const auto recorded = FleetStore::record_heartbeat(connection, heartbeat, batch.received_ms);
    if (!recorded.ok()) return tl::unexpected<Error>(recorded.error());
    ++outcome.accepted;
  }
  return outcome;
}

}  // namespace

IngestWriter::IngestWriter(Pool& pool, IngestLimits limits, std::function<void()> committed)
    : pool_(pool), limits_(limits), committed_(std::move(committed)), thread_([this] { run(); }) {}

IngestWriter::~IngestWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  thread_.join();
}

size_t IngestWriter::queued_records() const {
  const std::lock_guard lock(mutex_);
  return queued_records_;
}

Result<BatchOutcome> IngestWriter::commit(Batch batch) {
  if (batch.records() == 0) return BatchOutcome{};
  std::future<Result<BatchOutcome>> outcome;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ ||
        (queued_records_ > 0 && queued_records_ + batch.records() > limits_.queued_records)) {
      return fail("too many alerts are waiting to be stored", sql::kBusy);
    }
    queued_records_ += batch.records();
    queue_.push_back({std::move(batch), {}});
    outcome = queue_.back().outcome.get_future();
  }
  arrived_.notify_one();
  return outcome.get();
}

void IngestWriter::run() {
  know_what_is_stored(pool_);
  for (std::vector<Waiting> group = take(); !group.empty(); group = take()) {
    write(group);
  }
}

// Empty once the writer stops and nothing is left.
std::vector<IngestWriter::Waiting> IngestWriter::take() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  std::vector<Waiting> group;
  size_t records = 0;
  while (!queue_.empty()) {
    records += queue_.front().batch.records();
    if (!group.empty() && records > limits_.transaction_records) break;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

Result<std::vector<BatchOutcome>> IngestWriter::write_together(std::vector<Waiting>& group) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  auto transaction = sql::Transaction::begin(**lease);
  if (!transaction.ok()) return tl::unexpected<Error>(transaction.error());
  UidFilter& known = known_uids();
  known.begin();
  std::vector<BatchOutcome> outcomes;
  int64_t newest_id = 0;
  for (Waiting& waiting : group) {
    auto outcome = write_batch(**lease, waiting.batch, known, newest_id);
    if (!outcome.ok()) return tl::unexpected<Error>(outcome.error());
    outcomes.push_back(*outcome);
  }
  if (const auto committed = transaction->commit(); !committed.ok()) {
    return tl::unexpected<Error>(committed.error());
  }
  known.committed(newest_id);
  return outcomes;
}

void IngestWriter::write(std::vector<Waiting>& group) {
  auto outcomes = write_together(group);
  if (!outcomes.ok() && group.size() > 1 && outcomes.error().code == 0) {
    // One batch that the database refuses must not take its neighbours with it.
    for (Waiting& waiting : group) {
      std::vector<Waiting> alone;
      alone.push_back(std::move(waiting));
      write(alone);
    }
    return;
  }
  if (outcomes.ok() && std::any_of(outcomes->begin(), outcomes->end(),
                                   [](const BatchOutcome& one) { return one.accepted > 0; })) {
    committed_();
  }
  for (size_t i = 0; i < group.size(); ++i) {
    {
      const std::lock_guard lock(mutex_);
      queued_records_ -= group[i].batch.records();
    }
    if (outcomes.ok()) {
      group[i].outcome.set_value((*outcomes)[i]);
    } else {
      group[i].outcome.set_value(tl::unexpected<Error>(outcomes.error()));
    }
  }
}

}  // namespace sonde::store
