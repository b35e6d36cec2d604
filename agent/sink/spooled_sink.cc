#include "agent/sink/spooled_sink.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace sonde::sink {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIdleWait{1000};

}  // namespace

SpooledSink::SpooledSink(std::unique_ptr<Spool> spool, std::unique_ptr<Carrier> carrier,
                         const SpooledSinkConfig& config, Counters& counters)
    : spool_(std::move(spool)),
      carrier_(std::move(carrier)),
      config_(config),
      counters_(counters),
      random_(std::random_device()()),
      pause_(config.first_pause),
      thread_([this] { run(); }) {}

SpooledSink::~SpooledSink() { stop(milliseconds(0)); }

bool SpooledSink::wanted(const Record& record) const {
  if (record.kind != RecordKind::kAlert) return !config_.alerts_only;
  return record.severity >= config_.min_severity;
}

Status SpooledSink::write(std::span<const Record> records) {
  const auto all_wanted = [this](const Record& record) { return wanted(record); };
  if (std::all_of(records.begin(), records.end(), all_wanted)) return spool_->append(records);
  std::vector<Record> chosen;
  std::copy_if(records.begin(), records.end(), std::back_inserter(chosen), all_wanted);
  return chosen.empty() ? Status() : spool_->append(chosen);
}

void SpooledSink::stop(milliseconds grace) {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    spool_->wake();
    changed_.wait_for(lock, grace, [&] { return finished_; });
  }
  carrier_->cancel();
  thread_.join();
}

SpooledSink::State SpooledSink::state() const {
  const std::lock_guard lock(mutex_);
  return {spool_->waiting(), spool_->disk_bytes(), delivered_, retries_, refused_, trouble_};
}

bool SpooledSink::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void SpooledSink::run() {
  for (;;) {
    if (!spool_->wait(stopping() ? milliseconds(0) : kIdleWait)) {
      if (stopping()) break;
      continue;
    }
    const auto batch = spool_->take(config_.batch_records, config_.batch_bytes);
    if (!batch.ok()) {
      report(batch.error().message);
    } else if (deliver(*batch)) {
      continue;
    }
    // While it stops, one failure is enough: the spool keeps the rest.
    if (!pause(next_pause())) break;
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

// False: something went wrong that time may heal; what is not acknowledged comes again.
bool SpooledSink::deliver(const Spool::Batch& batch) {
  const std::span records(batch.records);
  const std::span marks(batch.marks);
  size_t at = 0;
  size_t size = records.size();
  while (at < records.size()) {
    size = std::min(size, records.size() - at);
    const Verdict outcome = send(records.subspan(at, size));
    if (outcome == Verdict::kTryAgain) return false;
    if (outcome == Verdict::kRefused && size > 1) {
      size /= 2;
      continue;
    }
    if (outcome == Verdict::kRefused) give_up(records[at]);
    if (Status kept = spool_->acknowledge(marks.subspan(at, size)); !kept.ok()) {
      report(kept.error().message);
      return false;
    }
    at += size;
    size = outcome == Verdict::kRefused ? records.size() : size * 2;
    // One refusal after the other smells of a proxy that refuses all: no hurry to give up more.
    if (outcome == Verdict::kRefused && !pause(next_pause())) return true;
  }
  return true;
}

SpooledSink::Verdict SpooledSink::send(std::span<const Record> records) {
  Carried carried = carrier_->carry(records);
  asked_pause_ = std::min(carried.wait, config_.longest_retry_after);
  if (carried.verdict == Verdict::kTryAgain) {
    count(Count::kSinkRetries, retries_);
    report(std::move(carried.trouble));
  }
  if (carried.verdict != Verdict::kDelivered) return carried.verdict;
  for (const size_t at : carried.refused_at) give_up(records[at]);
  const uint64_t named = carried.refused_at.size();
  const uint64_t refused = std::max<uint64_t>(carried.refused, named);
  count(Count::kSinkRejected, refused_, refused - named);
  count(Count::kSinkDelivered, delivered_, records.size() - std::min(refused, records.size()));
  pause_ = config_.first_pause;
  report({});
  return Verdict::kDelivered;
}

void SpooledSink::count(Count counter, std::atomic<uint64_t>& own, uint64_t amount) {
  counters_.add(counter, amount);
  own += amount;
}

void SpooledSink::give_up(const Record& record) {
  count(Count::kSinkRejected, refused_);
  if (config_.rejected_path.empty()) return;
  auto file = File::open(config_.rejected_path, O_WRONLY | O_CREAT | O_APPEND);
  if (!file.ok()) return;
  const auto size = file->size();
  if (!size.ok() || *size + record.json.size() > config_.rejected_bytes) return;
  std::string line;
  append_envelope(record, line);
  (void)file->write_all(line);  // counted already; the file is a courtesy
}

void SpooledSink::report(std::string trouble) {
  const std::lock_guard lock(mutex_);
  if (trouble == trouble_) return;
  const bool was_well = trouble_.empty();
  trouble_ = std::move(trouble);
  if (trouble_.empty()) {
    spdlog::info("delivering to {} again", config_.name);
  } else if (was_well) {
    spdlog::warn("cannot deliver to {}: {}; records are kept and delivery is tried again",
                 config_.name, trouble_);
  }
}

milliseconds SpooledSink::next_pause() {
  // Half fixed, half random: many agents that lost one collector do not come back as one.
  const milliseconds half = pause_ / 2;
  std::uniform_int_distribution<int64_t> spread(0, half.count());
  const milliseconds chosen = half + milliseconds(spread(random_));
  pause_ = std::min(pause_ * 2, config_.longest_pause);
  return std::max(chosen, asked_pause_);
}

// False: it is time to stop.
bool SpooledSink::pause(milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, duration, [&] { return stopping_; });
}

}  // namespace sonde::sink
