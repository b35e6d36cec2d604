#include "agent/sink/spool_summary.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>

#include "agent/sink/file.h"

namespace sonde::sink {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, kLanes> kLaneNames = {
    "activity", "informational", "low", "medium", "high", "critical"};

using EntryHandler = std::function<void(const EntryView&)>;

Result<std::string> content_of(const std::string& path) {
  const auto file = File::open(path, O_RDONLY);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  const auto size = file->size();
  if (!size.ok()) return tl::unexpected<Error>(size.error());
  return file->read(0, *size);
}

Cursor cursor_of(const std::string& directory) {
  const auto bytes = content_of(directory + "/cursor");
  return bytes.ok() ? decode_cursor(*bytes).value_or(Cursor{}) : Cursor{};
}

void walk(std::string_view bytes, uint64_t delivered, LaneSummary& lane, uint64_t& damaged,
          const EntryHandler& each) {
  size_t at = kSegmentHeaderBytes;
  while (at < bytes.size()) {
    EntryView entry;
    const EntryState state = decode_entry(bytes.substr(at), entry);
    if (state == EntryState::kNeedMore) return;  // being written, or torn by a crash
    if (state == EntryState::kInvalid) {
      ++damaged;
      at = find_entry(bytes, at + 1);
      continue;
    }
    at += entry.size;
    if (entry.sequence <= delivered) {
      ++lane.delivered;
    } else {
      ++lane.waiting;
      if (each) each(entry);
    }
  }
}

void summarize_segment(const std::string& path, const Cursor& cursor, SpoolSummary& summary,
                       const EntryHandler& each) {
  const auto bytes = content_of(path);
  if (!bytes.ok()) {
    // Delivered and removed since the directory was listed.
    if (bytes.error().code != ENOENT) ++summary.damaged;
    return;
  }
  SegmentHeader header;
  const HeaderState state = decode_segment_header(*bytes, header);
  if (state == HeaderState::kForeign) ++summary.damaged;
  if (state != HeaderState::kValid) return;
  LaneSummary& lane = summary.lanes.at(header.lane);
  ++lane.segments;
  lane.bytes += bytes->size();
  walk(*bytes, cursor.at(header.lane), lane, summary.damaged, each);
}

}  // namespace

uint64_t SpoolSummary::waiting() const {
  uint64_t sum = 0;
  for (const LaneSummary& lane : lanes) sum += lane.waiting;
  return sum;
}

uint64_t SpoolSummary::bytes() const {
  uint64_t sum = 0;
  for (const LaneSummary& lane : lanes) sum += lane.bytes;
  return sum;
}

std::string_view lane_name(size_t lane) { return kLaneNames.at(lane); }

Result<SpoolSummary> summarize_spool(const std::string& directory, const EntryHandler& each) {
  std::error_code error;
  std::vector<std::string> paths;
  SpoolSummary summary;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string extension = entry->path().extension().string();
    if (extension == ".spool") paths.push_back(entry->path().string());
    if (extension == ".unreadable") ++summary.damaged;
  }
  if (error) {
    return fail(fmt::format("cannot read the spool '{}': {}", directory, error.message()),
                error.value());
  }
  const uint64_t rejected = fs::file_size(directory + "/rejected.jsonl", error);
  summary.rejected_bytes = error ? 0 : rejected;
  std::sort(paths.begin(), paths.end());
  const Cursor cursor = cursor_of(directory);
  for (const std::string& path : paths) summarize_segment(path, cursor, summary, each);
  return summary;
}

}  // namespace sonde::sink
