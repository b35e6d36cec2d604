#include "agent/sink/spool_format.h"

#include <gtest/gtest.h>

#include "agent/sink/crc32c.h"

namespace sonde::sink {
namespace {

// RFC 3720, B.4.
TEST(Crc32cTest, MatchesTheStandardsExamples) {
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8a9136aaU);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xff'))), 0x62a8ab43U);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
  EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xe3069283U);
}

Record record() { return {RecordKind::kAlert, detect::Severity::kHigh, R"({"a":1})"}; }

TEST(SpoolFormatTest, AnEntryComesBackAsItWas) {
  std::string bytes;
  encode_entry(record(), 77, bytes);
  EntryView entry;
  ASSERT_EQ(decode_entry(bytes + "behind", entry), EntryState::kEntry);
  EXPECT_EQ(entry.sequence, 77U);
  EXPECT_EQ(entry.kind, RecordKind::kAlert);
  EXPECT_EQ(entry.severity, detect::Severity::kHigh);
  EXPECT_EQ(entry.json, R"({"a":1})");
  EXPECT_EQ(entry.size, bytes.size());
}

TEST(SpoolFormatTest, EveryTruncationAsksForMore) {
  std::string bytes;
  encode_entry(record(), 1, bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EntryView entry;
    EXPECT_EQ(decode_entry(std::string_view(bytes).substr(0, size), entry), EntryState::kNeedMore)
        << size;
  }
}

TEST(SpoolFormatTest, NoFlippedBitPasses) {
  std::string bytes;
  encode_entry(record(), 1, bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EntryView entry;
    EXPECT_NE(decode_entry(damaged, entry), EntryState::kEntry) << bit;
  }
}

TEST(SpoolFormatTest, HeadersAndCursorsAreChecked) {
  const std::string header = encode_segment_header({3, 99});
  SegmentHeader read;
  ASSERT_EQ(decode_segment_header(header, read), HeaderState::kValid);
  EXPECT_EQ(read.lane, 3U);
  EXPECT_EQ(read.first_sequence, 99U);
  EXPECT_EQ(decode_segment_header(header.substr(0, 31), read), HeaderState::kTorn);
  std::string newer = header;
  newer[8] = 2;
  EXPECT_EQ(decode_segment_header(newer, read), HeaderState::kForeign);
  std::string damaged = header;
  damaged[16] ^= 1;
  EXPECT_EQ(decode_segment_header(damaged, read), HeaderState::kTorn);

  const Cursor cursor = {1, 2, 3, 4, 5, 6};
  std::string bytes = encode_cursor(cursor);
  EXPECT_EQ(decode_cursor(bytes), cursor);
  EXPECT_EQ(decode_cursor(bytes.substr(1)), std::nullopt);
  bytes[20] ^= 1;
  EXPECT_EQ(decode_cursor(bytes), std::nullopt);
}

}  // namespace
}  // namespace sonde::sink
