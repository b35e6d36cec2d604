#include "agent/sink/outbox.h"

#include <spdlog/spdlog.h>

namespace sonde::sink {

Outbox::Outbox(std::unique_ptr<Sink> sink, const OutboxConfig& config, Counters& counters)
    : sink_(std::move(sink)), config_(config), counters_(counters), thread_([this] { run(); }) {}

Outbox::~Outbox() { stop(std::chrono::milliseconds(0)); }

bool Outbox::push(Record record) {
  {
    const std::lock_guard lock(mutex_);
    const bool full =
        queue_.size() >= config_.records || queued_bytes_ + record.json.size() > config_.bytes;
    if (full || stopping_) {
      counters_.add(Count::kSinkQueueFull);
      return false;
    }
    queued_bytes_ += record.json.size();
    queue_.push_back(std::move(record));
  }
  arrived_.notify_one();
  return true;
}

void Outbox::run() {
  std::vector<Record> taken;
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [&] { return !queue_.empty() || stopping_; });
    if (queue_.empty()) return;
    taken.clear();
    taken.swap(queue_);
    queued_bytes_ = 0;
    lock.unlock();
    write(taken);
    lock.lock();
  }
}

void Outbox::write(const std::vector<Record>& records) {
  const Status written = sink_->write(records);
  if (!written.ok()) counters_.add(Count::kSinkFailed, records.size());
  if (written.ok() != failing_) return;
  failing_ = !written.ok();
  if (failing_) {
    spdlog::error("sink '{}': {}; records are lost until it works again", sink_->name(),
                  written.error().message);
  } else {
    spdlog::info("sink '{}' works again", sink_->name());
  }
}

void Outbox::stop(std::chrono::milliseconds grace) {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
  sink_->stop(grace);
}

}  // namespace sonde::sink
