#include "agent/sink/collector_sink.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace sonde::sink {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kIdleWait{1000};

// Statuses that speak of the content; all others may pass (RFC 9110, 15): authentication can be
// put right, a route or proxy comes back, 429 and 5xx say so themselves.
bool refuses_content(int status) {
  return status == 400 || status == 413 || status == 415 || status == 422;
}

std::string_view refusal_hint(int status) {
  switch (status) {
    case 401:
    case 403:
      return "check the agent's certificate or token";
    case 404:
    case 405:
      return "check collector.url";
    default:
      return "it will be tried again";
  }
}

uint64_t count_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

}  // namespace

CollectorSink::CollectorSink(std::unique_ptr<Spool> spool, std::unique_ptr<Transport> transport,
                             const CollectorSinkConfig& config, Counters& counters)
    : spool_(std::move(spool)),
      transport_(std::move(transport)),
      config_(config),
      counters_(counters),
      random_(std::random_device()()),
      pause_(config.first_pause),
      thread_([this] { run(); }) {}

CollectorSink::~CollectorSink() { stop(milliseconds(0)); }

Status CollectorSink::write(std::span<const Record> records) { return spool_->append(records); }

void CollectorSink::stop(milliseconds grace) {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    spool_->wake();
    changed_.wait_for(lock, grace, [&] { return finished_; });
  }
  transport_->cancel();
  thread_.join();
}

CollectorSink::State CollectorSink::state() const {
  const std::lock_guard lock(mutex_);
  return {spool_->waiting(), spool_->disk_bytes(), trouble_};
}

bool CollectorSink::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void CollectorSink::run() {
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
bool CollectorSink::deliver(const Spool::Batch& batch) {
  const std::span records(batch.records);
  const std::span marks(batch.marks);
  size_t at = 0;
  size_t size = records.size();
  while (at < records.size()) {
    size = std::min(size, records.size() - at);
    const Outcome outcome = send(records.subspan(at, size));
    if (outcome == Outcome::kTryAgain) return false;
    if (outcome == Outcome::kRefused && size > 1) {
      size /= 2;
      continue;
    }
    if (outcome == Outcome::kRefused) give_up(records[at]);
    if (Status kept = spool_->acknowledge(marks.subspan(at, size)); !kept.ok()) {
      report(kept.error().message);
      return false;
    }
    at += size;
    size = outcome == Outcome::kRefused ? records.size() : size * 2;
    // One refusal after the other smells of a proxy that refuses all: no hurry to give up more.
    if (outcome == Outcome::kRefused && !pause(next_pause())) return true;
  }
  return true;
}

CollectorSink::Outcome CollectorSink::send(std::span<const Record> records) {
  body_.clear();
  for (const Record& record : records) append_envelope(record, body_);
  const auto answer = transport_->post(body_);
  asked_pause_ = milliseconds(0);
  if (!answer.ok()) {
    counters_.add(Count::kSinkRetries);
    report(answer.error().message);
    return Outcome::kTryAgain;
  }
  return judge(*answer, records);
}

CollectorSink::Outcome CollectorSink::judge(const Answer& answer, std::span<const Record> records) {
  if (answer.status == 200) return read_result(answer, records);
  if (refuses_content(answer.status)) return Outcome::kRefused;
  counters_.add(Count::kSinkRetries);
  if (answer.retry_after) asked_pause_ = std::min(*answer.retry_after, config_.longest_retry_after);
  report(fmt::format("the collector answers {}: {}", answer.status, refusal_hint(answer.status)));
  return Outcome::kTryAgain;
}

// Whatever answers 200 is believed only if it accounts for every line.
CollectorSink::Outcome CollectorSink::read_result(const Answer& answer,
                                                  std::span<const Record> records) {
  const Json result = Json::parse(answer.body, nullptr, false);
  const auto rejected = result.is_object() ? result.find("rejected") : result.end();
  if (!result.is_object() || rejected == result.end() || !rejected->is_array()) {
    counters_.add(Count::kSinkRetries);
    report("what answers is no collector: check collector.url");
    return Outcome::kTryAgain;
  }
  const uint64_t stored = count_of(result, "accepted") + count_of(result, "duplicates");
  const uint64_t refused = std::max<uint64_t>(count_of(result, "rejected_count"), rejected->size());
  // A record that is not one line, say: bisecting finds it.
  if (stored + refused != records.size()) return Outcome::kRefused;
  for (const Json& line : *rejected) {
    const uint64_t number = line.is_object() ? count_of(line, "line") : 0;
    if (number >= 1 && number <= records.size()) give_up(records[number - 1]);
  }
  // The list of lines is cut by the collector; the count is not.
  counters_.add(Count::kSinkRejected, refused - rejected->size());
  counters_.add(Count::kSinkDelivered, stored);
  pause_ = config_.first_pause;
  report({});
  return Outcome::kDelivered;
}

void CollectorSink::give_up(const Record& record) {
  counters_.add(Count::kSinkRejected);
  if (config_.rejected_path.empty()) return;
  auto file = File::open(config_.rejected_path, O_WRONLY | O_CREAT | O_APPEND);
  if (!file.ok()) return;
  const auto size = file->size();
  if (!size.ok() || *size + record.json.size() > config_.rejected_bytes) return;
  std::string line;
  append_envelope(record, line);
  (void)file->write_all(line);  // counted already; the file is a courtesy
}

void CollectorSink::report(std::string trouble) {
  const std::lock_guard lock(mutex_);
  if (trouble == trouble_) return;
  const bool was_well = trouble_.empty();
  trouble_ = std::move(trouble);
  if (trouble_.empty()) {
    spdlog::info("delivering to the collector again");
  } else if (was_well) {
    spdlog::warn("cannot deliver: {}; records are kept and delivery is tried again", trouble_);
  }
}

milliseconds CollectorSink::next_pause() {
  // Half fixed, half random: many agents that lost one collector do not come back as one.
  const milliseconds half = pause_ / 2;
  std::uniform_int_distribution<int64_t> spread(0, half.count());
  const milliseconds chosen = half + milliseconds(spread(random_));
  pause_ = std::min(pause_ * 2, config_.longest_pause);
  return std::max(chosen, asked_pause_);
}

// False: it is time to stop.
bool CollectorSink::pause(milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, duration, [&] { return stopping_; });
}

}  // namespace sonde::sink
