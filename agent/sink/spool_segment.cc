#include "agent/sink/spool_segment.h"

#include <fcntl.h>
#include <fmt/format.h>

namespace sonde::sink {
namespace {

// Walks the entries; returns the end of the last whole one.
size_t scan(std::string_view bytes, uint64_t delivered, SpoolSegment& segment, Counters& counters) {
  size_t at = kSegmentHeaderBytes;
  size_t end = at;
  while (at < bytes.size()) {
    EntryView entry;
    if (decode_entry(bytes.substr(at), entry) == EntryState::kEntry) {
      at += entry.size;
      end = at;
      segment.last_sequence = entry.sequence;
      if (entry.sequence > delivered) {
        ++segment.waiting;
      } else {
        segment.next_offset = end;
      }
      continue;
    }
    // Torn or damaged: whole entries may still stand behind.
    counters.add(Count::kSpoolCorrupt);
    at = find_entry(bytes, at + 1);
    EntryView next;
    while (at != std::string_view::npos &&
           decode_entry(bytes.substr(at), next) != EntryState::kEntry) {
      at = find_entry(bytes, at + 1);
    }
    if (at == std::string_view::npos) break;
  }
  return end;
}

}  // namespace

std::string segment_path(const std::string& directory, size_t lane, uint64_t first_sequence) {
  return fmt::format("{}/{}-{:016x}.spool", directory, lane, first_sequence);
}

Result<SpoolSegment> create_segment(const std::string& directory, size_t lane,
                                    uint64_t first_sequence) {
  const std::string path = segment_path(directory, lane, first_sequence);
  auto file = File::open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  const Status written =
      file->write_all(encode_segment_header({static_cast<uint32_t>(lane), first_sequence}));
  if (!written.ok()) return tl::unexpected<Error>(written.error());
  SpoolSegment segment;
  segment.file = std::make_shared<File>(std::move(*file));
  segment.lane = lane;
  segment.size = kSegmentHeaderBytes;
  segment.first_sequence = first_sequence;
  return segment;
}

Result<SpoolSegment> recover_segment(const std::string& path, const Cursor& delivered,
                                     Counters& counters) {
  auto file = File::open(path, O_RDWR | O_APPEND);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  const auto size = file->size();
  if (!size.ok()) return tl::unexpected<Error>(size.error());
  const auto bytes = file->read(0, *size);
  if (!bytes.ok()) return tl::unexpected<Error>(bytes.error());
  SpoolSegment segment;
  SegmentHeader header;
  const HeaderState state = decode_segment_header(*bytes, header);
  if (state == HeaderState::kForeign) {
    return fail(fmt::format("'{}' is of another program or version", path));
  }
  segment.file = std::make_shared<File>(std::move(*file));
  if (state == HeaderState::kTorn) return segment;
  segment.lane = header.lane;
  segment.first_sequence = header.first_sequence;
  segment.size = scan(*bytes, delivered[header.lane], segment, counters);
  if (segment.size < *size) {
    if (Status cut = segment.file->truncate(segment.size); !cut.ok()) {
      return tl::unexpected<Error>(cut.error());
    }
  }
  return segment;
}

}  // namespace sonde::sink
