#include "agent/sink/spool.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace sonde::sink {
namespace {

// Small enough that dropping one segment loses little of what a small spool holds.
uint64_t segment_bytes_of(uint64_t max_bytes) {
  return std::clamp<uint64_t>(max_bytes / 32, 4 << 10, 4 << 20);
}

std::string cursor_path(const SpoolConfig& config) { return config.directory + "/cursor"; }

Cursor read_cursor(const SpoolConfig& config, Counters& counters) {
  const auto file = File::open(cursor_path(config), O_RDONLY);
  if (!file.ok()) return {};
  const auto bytes = file->read(0, 4096);
  const auto cursor = bytes.ok() ? decode_cursor(*bytes) : std::nullopt;
  // Without it everything is delivered again, and the collector knows it by its uid.
  if (!cursor) counters.add(Count::kSpoolCorrupt);
  return cursor.value_or(Cursor{});
}

}  // namespace

Spool::Spool(const SpoolConfig& config, File directory, File lock, Counters& counters)
    : config_(config),
      segment_bytes_(segment_bytes_of(config.max_bytes)),
      directory_(std::move(directory)),
      lock_(std::move(lock)),
      counters_(counters) {}

Result<std::unique_ptr<Spool>> Spool::open(const SpoolConfig& config, Counters& counters) {
  auto directory = File::open_private_directory(config.directory);
  if (!directory.ok()) return tl::unexpected<Error>(directory.error());
  auto lock = File::open(config.directory + "/lock", O_RDWR | O_CREAT);
  if (!lock.ok()) return tl::unexpected<Error>(lock.error());
  if (::flock(lock->descriptor(), LOCK_EX | LOCK_NB) != 0) {
    return fail_errno(fmt::format("the spool '{}' is in use by another process", config.directory),
                      errno);
  }
  std::unique_ptr<Spool> spool(
      new Spool(config, std::move(*directory), std::move(*lock), counters));
  if (Status recovered = spool->recover(); !recovered.ok()) {
    return tl::unexpected<Error>(recovered.error());
  }
  return spool;
}

Status Spool::recover() {
  const Cursor delivered = read_cursor(config_, counters_);
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(config_.directory, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".spool") paths.push_back(entry->path().string());
  }
  if (error) return fail(fmt::format("cannot list '{}': {}", config_.directory, error.message()));
  // The name holds the sequence number in fixed width: order of names is order of entries.
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    if (Status recovered = recover_file(path, delivered); !recovered.ok()) return recovered;
  }
  for (size_t i = 0; i < kLanes; ++i) {
    Lane& lane = lanes_[i];
    lane.delivered = delivered[i];
    lane.next_sequence = std::max(lane.next_sequence, delivered[i] + 1);
  }
  remove_delivered();
  return {};
}

Status Spool::recover_file(const std::string& path, const Cursor& delivered) {
  auto segment = recover_segment(path, delivered, counters_);
  if (!segment.ok()) {
    // Kept for whoever can read it, out of the way.
    counters_.add(Count::kSpoolCorrupt);
    if (::rename(path.c_str(), (path + ".unreadable").c_str()) != 0) {
      return tl::unexpected<Error>(segment.error());
    }
    return {};
  }
  if (segment->size <= kSegmentHeaderBytes) {
    ::unlink(path.c_str());
    return {};
  }
  Lane& lane = lanes_[segment->lane];
  lane.next_sequence = std::max(lane.next_sequence, segment->last_sequence + 1);
  disk_bytes_ += segment->size;
  waiting_ += segment->waiting;
  lane.segments.push_back(std::move(*segment));
  return {};
}

void Spool::drop_front(Lane& lane) {
  SpoolSegment& segment = lane.segments.front();
  ::unlink(segment.file->path().c_str());
  counters_.add(Count::kSpoolDropped, segment.waiting);
  waiting_ -= segment.waiting;
  disk_bytes_ -= segment.size;
  lane.segments.pop_front();
}

// False: everything stored matters more than what is to be written to `lane`.
bool Spool::make_room(size_t lane, uint64_t bytes) {
  const auto fits = [&] { return disk_bytes_ + bytes <= config_.max_bytes; };
  if (fits()) return true;
  for (Lane& candidate : lanes_) {
    while (!fits() && !candidate.segments.empty() && candidate.segments.front().waiting == 0) {
      drop_front(candidate);
    }
  }
  for (size_t i = 0; i <= lane; ++i) {
    while (!fits() && !lanes_[i].segments.empty()) drop_front(lanes_[i]);
  }
  return fits();
}

Result<SpoolSegment*> Spool::writable_segment(Lane& lane, size_t index) {
  if (lane.segments.empty() || lane.segments.back().size >= segment_bytes_) {
    auto created = create_segment(config_.directory, index, lane.next_sequence);
    if (!created.ok()) return tl::unexpected<Error>(created.error());
    disk_bytes_ += created->size;
    directory_dirty_ = true;
    lane.segments.push_back(std::move(*created));
  }
  return &lane.segments.back();
}

Status Spool::write(const Record& record) {
  const size_t index = lane_of(record);
  Lane& lane = lanes_[index];
  std::string bytes;
  encode_entry(record, lane.next_sequence, bytes);
  if (record.json.size() > kMaxEntryBytes ||
      !make_room(index, bytes.size() + kSegmentHeaderBytes)) {
    counters_.add(Count::kSpoolDropped);
    return {};
  }
  auto segment = writable_segment(lane, index);
  if (!segment.ok()) return tl::unexpected<Error>(segment.error());
  SpoolSegment& target = **segment;
  if (Status written = target.file->write_all(bytes); !written.ok()) {
    // Half an entry must not stand in front of the next one.
    (void)target.file->truncate(target.size);
    return written;
  }
  target.size += bytes.size();
  target.last_sequence = lane.next_sequence++;
  ++target.waiting;
  ++waiting_;
  disk_bytes_ += bytes.size();
  if (dirty_.empty() || dirty_.back() != target.file) dirty_.push_back(target.file);
  return {};
}

Status Spool::append(std::span<const Record> records) {
  std::unique_lock lock(mutex_);
  Status result;
  for (const Record& record : records) {
    // What one record could not be given, the next may get: another lane, a smaller size.
    if (Status written = write(record); !written.ok()) {
      counters_.add(Count::kSpoolDropped);
      result = std::move(written);
    }
  }
  Status synced = sync(lock);
  return synced.ok() ? result : synced;
}

Status Spool::sync(std::unique_lock<std::mutex>& lock) {
  const uint64_t ticket = ++written_ticket_;
  while (synced_ticket_ < ticket) {
    if (syncing_) {
      changed_.wait(lock);
      continue;
    }
    syncing_ = true;
    const uint64_t target = written_ticket_;
    const std::vector<std::shared_ptr<File>> files = std::exchange(dirty_, {});
    const bool directory_too = std::exchange(directory_dirty_, false);
    lock.unlock();
    std::optional<Error> error;
    for (const auto& file : files) {
      if (Status synced = file->sync_data(); !synced.ok()) error = synced.error();
    }
    if (directory_too) {
      if (Status synced = directory_.sync_data(); !synced.ok()) error = synced.error();
    }
    lock.lock();
    if (error) failed_ = {synced_ticket_ + 1, target, std::move(*error)};
    synced_ticket_ = target;
    syncing_ = false;
    changed_.notify_all();
  }
  if (ticket >= failed_.first && ticket <= failed_.last) {
    return tl::unexpected<Error>(failed_.error);
  }
  return {};
}

// Appends the entries that stand in `text`, which begins at the segment's next offset; returns how
// many bytes have been looked at.
size_t Spool::decode(std::string_view text, const SpoolSegment& segment, const TakeLimits& limits,
                     Batch& batch, size_t& bytes) {
  size_t at = 0;
  while (at < text.size() && batch.records.size() < limits.records) {
    EntryView entry;
    if (decode_entry(text.substr(at), entry) != EntryState::kEntry) {
      // Cut off by the end of what was read, or damaged: the next whole entry tells.
      const size_t next = find_entry(text, at + 1);
      if (next == std::string_view::npos) return at;
      at = next;
      continue;
    }
    if (!batch.records.empty() && bytes + entry.json.size() > limits.bytes) break;
    at += entry.size;
    bytes += entry.json.size();
    batch.records.push_back({entry.kind, entry.severity, std::string(entry.json)});
    batch.marks.push_back({segment.lane, entry.sequence, segment.next_offset + at});
  }
  return at;
}

Status Spool::take_from(SpoolSegment& segment, const TakeLimits& limits, Batch& batch,
                        size_t& bytes) {
  // One entry more than the bytes asked for: the first is taken however long it is.
  const uint64_t rest = segment.size - segment.next_offset;
  const auto text = segment.file->read(
      segment.next_offset,
      std::min<uint64_t>(rest, limits.bytes + kMaxEntryBytes + kEntryHeaderBytes));
  if (!text.ok()) return tl::unexpected<Error>(text.error());
  const size_t before = batch.records.size();
  decode(*text, segment, limits, batch, bytes);
  const bool room = before == 0;  // an empty batch takes any entry
  if (batch.records.size() == before && room) {
    // Damaged since it was written: nothing of it will ever be read, and nobody shall wait for it.
    counters_.add(Count::kSpoolCorrupt, segment.waiting);
    waiting_ -= segment.waiting;
    segment.waiting = 0;
  }
  return {};
}

Result<Spool::Batch> Spool::take(size_t max_records, size_t max_bytes) {
  std::unique_lock lock(mutex_);
  Batch batch;
  size_t bytes = 0;
  for (size_t i = kLanes; i-- > 0;) {
    for (SpoolSegment& segment : lanes_[i].segments) {
      if (batch.records.size() >= max_records || bytes >= max_bytes) return batch;
      if (segment.waiting == 0) continue;
      if (Status taken = take_from(segment, {max_records, max_bytes}, batch, bytes); !taken.ok()) {
        return tl::unexpected<Error>(taken.error());
      }
    }
  }
  return batch;
}

Status Spool::acknowledge(std::span<const Mark> marks) {
  Cursor cursor{};
  {
    std::unique_lock lock(mutex_);
    for (const Mark& mark : marks) {
      Lane& lane = lanes_[mark.lane];
      lane.delivered = std::max(lane.delivered, mark.sequence);
      for (SpoolSegment& segment : lane.segments) {
        // It may have been dropped meanwhile to make room.
        if (mark.sequence < segment.first_sequence || mark.sequence > segment.last_sequence) {
          continue;
        }
        segment.next_offset = mark.end_offset;
        if (segment.waiting > 0) {
          --segment.waiting;
          --waiting_;
        }
        break;
      }
    }
    for (size_t i = 0; i < kLanes; ++i) cursor[i] = lanes_[i].delivered;
  }
  // Outside the lock: a slow disk must not hold up those who append.
  Status written = replace_file(cursor_path(config_), encode_cursor(cursor));
  std::unique_lock lock(mutex_);
  if (written.ok()) remove_delivered();
  return written;
}

void Spool::remove_delivered() {
  for (Lane& lane : lanes_) {
    while (!lane.segments.empty() && lane.segments.front().waiting == 0 &&
           (lane.segments.size() > 1 || lane.segments.front().size >= segment_bytes_)) {
      drop_front(lane);
    }
  }
}

bool Spool::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return waiting_ > 0 || woken_; });
  woken_ = false;
  return waiting_ > 0;
}

void Spool::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

uint64_t Spool::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

uint64_t Spool::disk_bytes() const {
  const std::lock_guard lock(mutex_);
  return disk_bytes_;
}

}  // namespace sonde::sink
