#include "agent/capture/event.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sonde::capture {
namespace {

std::vector<std::byte> data_record(std::string_view payload, uint32_t original) {
  sonde_data_record record{};
  record.header = {SONDE_RECORD_DATA,
                   SONDE_ABI_VERSION,
                   static_cast<uint32_t>(sizeof(record) + payload.size()),
                   5,
                   42,
                   43};
  record.stream_pos = 1000;
  record.original_len = original;
  record.captured_len = static_cast<uint32_t>(payload.size());
  record.direction = SONDE_DIRECTION_SENT;
  std::vector<std::byte> bytes(record.header.size);
  std::memcpy(bytes.data(), &record, sizeof(record));
  std::memcpy(bytes.data() + sizeof(record), payload.data(), payload.size());
  return bytes;
}

TEST(DecodeTest, DataRecordKeepsPositionAndSaysWhatIsMissing) {
  const auto record = data_record("hello", 9);
  const auto event = decode(record);
  ASSERT_TRUE(event);
  const auto& data = std::get<DataEvent>(event->body);
  EXPECT_EQ(as_text(data.bytes), "hello");
  EXPECT_EQ(data.position, 1000u);
  EXPECT_EQ(data.original_bytes, 9u);
  EXPECT_TRUE(data.sent);
  EXPECT_EQ(data.connection.tgid, 42u);
}

TEST(DecodeTest, EveryTruncationIsRefused) {
  const auto record = data_record("hello", 5);
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(decode(Bytes(record).first(size))) << size;
  }
}

TEST(DecodeTest, ALengthBeyondTheRecordIsRefused) {
  auto record = data_record("hello", 5);
  const uint32_t lie = 6;
  std::memcpy(record.data() + offsetof(sonde_data_record, captured_len), &lie, sizeof(lie));
  std::memcpy(record.data() + offsetof(sonde_data_record, original_len), &lie, sizeof(lie));
  EXPECT_FALSE(decode(record));
}

TEST(DecodeTest, AnotherVersionOrKindIsRefused) {
  auto record = data_record("hello", 5);
  record[0] = std::byte{200};
  EXPECT_FALSE(decode(record));
  record = data_record("hello", 5);
  record[2] = std::byte{SONDE_ABI_VERSION + 1};
  EXPECT_FALSE(decode(record));
}

TEST(DecodeTest, ALyingLengthOfNamesEndsWithTheirRoom) {
  sonde_exec_record record{};
  record.header = {SONDE_RECORD_EXEC, SONDE_ABI_VERSION, sizeof(record), 5, 42, 43};
  record.names_len = UINT32_MAX;
  const auto event = decode(std::as_bytes(std::span(&record, 1)));
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<ExecEvent>(event->body).names.size(), size_t{SONDE_NAMES_BYTES});
}

}  // namespace
}  // namespace sonde::capture
