#include "agent/sink/spool_format.h"

#include "agent/sink/crc32c.h"

namespace sonde::sink {
namespace {

constexpr std::string_view kSegmentSignature = "SONDESPL";
constexpr std::string_view kCursorSignature = "SONDECUR";
constexpr uint32_t kVersion = 1;
constexpr std::string_view kEntryMarker = "\xf5SE\x01";  // 0xf5 is in no UTF-8 text

void put_u32(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xff);
}
void put_u64(std::string& out, uint64_t value) {
  put_u32(out, static_cast<uint32_t>(value));
  put_u32(out, static_cast<uint32_t>(value >> 32));
}

}  // namespace

size_t lane_of(const Record& record) {
  if (record.kind != RecordKind::kAlert) return 0;
  return 1 + static_cast<size_t>(record.severity);
}

std::string encode_segment_header(const SegmentHeader& header) {
  std::string out(kSegmentSignature);
  put_u32(out, kVersion);
  put_u32(out, header.lane);
  put_u64(out, header.first_sequence);
  put_u32(out, 0);
  put_u32(out, crc32c(as_bytes(out)));
  return out;
}

HeaderState decode_segment_header(std::string_view bytes, SegmentHeader& header) {
  if (bytes.size() < kSegmentHeaderBytes) return HeaderState::kTorn;
  ByteReader reader(as_bytes(bytes.substr(0, kSegmentHeaderBytes)));
  const bool ours = as_text(*reader.bytes(kSegmentSignature.size())) == kSegmentSignature;
  if (!ours || reader.u32_le() != kVersion) return HeaderState::kForeign;
  header.lane = *reader.u32_le();
  header.first_sequence = *reader.u64_le();
  reader.skip(4);
  const uint32_t crc = crc32c(as_bytes(bytes.substr(0, kSegmentHeaderBytes - 4)));
  return reader.u32_le() == crc && header.lane < kLanes ? HeaderState::kValid : HeaderState::kTorn;
}

void encode_entry(const Record& record, uint64_t sequence, std::string& out) {
  std::string checked;
  checked.reserve(kEntryHeaderBytes + record.json.size());
  put_u32(checked, static_cast<uint32_t>(record.json.size()));
  checked += static_cast<char>(record.kind);
  checked += static_cast<char>(record.severity);
  checked.append(2, '\0');
  put_u64(checked, sequence);
  checked += record.json;
  out += kEntryMarker;
  put_u32(out, crc32c(as_bytes(checked)));
  out += checked;
}

EntryState decode_entry(std::string_view bytes, EntryView& entry) {
  if (!bytes.starts_with(kEntryMarker.substr(0, std::min(bytes.size(), kEntryMarker.size())))) {
    return EntryState::kInvalid;
  }
  if (bytes.size() < kEntryHeaderBytes) return EntryState::kNeedMore;
  ByteReader reader(as_bytes(bytes));
  reader.skip(kEntryMarker.size());
  const uint32_t crc = *reader.u32_le();
  const uint32_t length = *reader.u32_le();
  const uint8_t kind = *reader.u8();
  const uint8_t severity = *reader.u8();
  reader.skip(2);
  entry.sequence = *reader.u64_le();
  if (length > kMaxEntryBytes || kind > static_cast<uint8_t>(RecordKind::kHeartbeat) ||
      severity > static_cast<uint8_t>(detect::Severity::kCritical)) {
    return EntryState::kInvalid;
  }
  entry.size = kEntryHeaderBytes + length;
  if (bytes.size() < entry.size) return EntryState::kNeedMore;
  const size_t checked_from = kEntryMarker.size() + sizeof(crc);
  if (crc32c(as_bytes(bytes.substr(checked_from, entry.size - checked_from))) != crc) {
    return EntryState::kInvalid;
  }
  entry.kind = static_cast<RecordKind>(kind);
  entry.severity = static_cast<detect::Severity>(severity);
  entry.json = bytes.substr(kEntryHeaderBytes, length);
  return EntryState::kEntry;
}

size_t find_entry(std::string_view bytes, size_t from) { return bytes.find(kEntryMarker, from); }

std::string encode_cursor(const Cursor& cursor) {
  std::string out(kCursorSignature);
  put_u32(out, kVersion);
  for (const uint64_t sequence : cursor) put_u64(out, sequence);
  put_u32(out, crc32c(as_bytes(out)));
  return out;
}

std::optional<Cursor> decode_cursor(std::string_view bytes) {
  constexpr size_t kSize = 8 + 4 + 8 * kLanes + 4;
  if (bytes.size() != kSize || !bytes.starts_with(kCursorSignature)) return std::nullopt;
  ByteReader reader(as_bytes(bytes.substr(kCursorSignature.size())));
  if (reader.u32_le() != kVersion) return std::nullopt;
  Cursor cursor{};
  for (uint64_t& sequence : cursor) sequence = *reader.u64_le();
  if (reader.u32_le() != crc32c(as_bytes(bytes.substr(0, kSize - 4)))) return std::nullopt;
  return cursor;
}

}  // namespace sonde::sink
