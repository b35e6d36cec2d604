#include "agent/capture/record_queue.h"

#include <cstring>

#include "sonde/abi.h"

namespace sonde::capture {

bool RecordQueue::push(Bytes record) {
  {
    const std::scoped_lock lock(mutex_);
    if (buffer_.size() + record.size() > capacity_) {
      counters_.add(Count::kEventsLostQueueFull);
      counters_.add(Count::kBytesLostQueueFull, record.size());
      return false;
    }
    buffer_.insert(buffer_.end(), record.begin(), record.end());
  }
  filled_.notify_one();
  return true;
}

bool RecordQueue::take(std::vector<std::byte>& records, std::chrono::milliseconds wait) {
  records.clear();
  std::unique_lock lock(mutex_);
  filled_.wait_for(lock, wait, [this] { return !buffer_.empty() || closed_; });
  records.swap(buffer_);
  return !records.empty() || !closed_;
}

void RecordQueue::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  filled_.notify_all();
}

Bytes first_record(Bytes records) {
  if (records.size() < sizeof(sonde_record_header)) return {};
  uint32_t size = 0;
  std::memcpy(&size, records.data() + offsetof(sonde_record_header, size), sizeof(size));
  if (size < sizeof(sonde_record_header) || size > records.size()) return {};
  return records.first(size);
}

}  // namespace sonde::capture
