// The bytes of the spool's files: pure functions, little endian throughout.
//
// A segment file is a header, then entries; the cursor file says up to where each lane has been
// delivered. Every part carries a CRC-32C, so that what a crash tore is told from what was written.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/sink/record.h"

namespace sonde::sink {

// One lane for records without severity, then one for each severity of alerts: what matters least
// is dropped first, what matters most is delivered first.
inline constexpr size_t kLanes = 6;
size_t lane_of(const Record& record);

inline constexpr size_t kMaxEntryBytes = 1 << 20;  // the collector refuses longer lines
inline constexpr size_t kSegmentHeaderBytes = 32;
inline constexpr size_t kEntryHeaderBytes = 24;

struct SegmentHeader {
  uint32_t lane = 0;
  uint64_t first_sequence = 0;
};
enum class HeaderState : uint8_t { kValid, kTorn, kForeign };

std::string encode_segment_header(const SegmentHeader& header);
// kForeign: another signature or version, not ours to judge.
HeaderState decode_segment_header(std::string_view bytes, SegmentHeader& header);

struct EntryView {
  uint64_t sequence = 0;
  RecordKind kind = RecordKind::kAlert;
  detect::Severity severity = detect::Severity::kInformational;
  std::string_view json;
  size_t size = 0;  // of the whole entry
};
enum class EntryState : uint8_t { kNeedMore, kEntry, kInvalid };

void encode_entry(const Record& record, uint64_t sequence, std::string& out);
EntryState decode_entry(std::string_view bytes, EntryView& entry);
// Where the next entry may begin behind `from`; npos if nowhere.
size_t find_entry(std::string_view bytes, size_t from);

// Highest delivered sequence number of each lane.
using Cursor = std::array<uint64_t, kLanes>;
std::string encode_cursor(const Cursor& cursor);
std::optional<Cursor> decode_cursor(std::string_view bytes);

}  // namespace sonde::sink
