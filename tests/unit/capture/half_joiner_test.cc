#include "agent/capture/half_joiner.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sonde::capture {
namespace {

constexpr uint32_t kProcess = 42;

std::vector<std::byte> half_data(uint64_t handle, uint16_t direction, uint64_t position,
                                 std::string_view payload, uint64_t time_ns = 5) {
  sonde_data_record record{};
  record.header = {
      SONDE_RECORD_DATA, SONDE_ABI_VERSION, static_cast<uint32_t>(sizeof(record) + payload.size()),
      time_ns,           kProcess,          kProcess};
  record.handle = handle;
  record.generation_ns = handle + 1;
  record.stream_pos = position;
  record.original_len = record.captured_len = static_cast<uint32_t>(payload.size());
  record.direction = direction;
  record.flags = SONDE_DATA_HALF;
  std::vector<std::byte> bytes(record.header.size);
  std::memcpy(bytes.data(), &record, sizeof(record));
  std::memcpy(bytes.data() + sizeof(record), payload.data(), payload.size());
  return bytes;
}

std::vector<std::byte> half_socket(uint64_t handle, uint64_t socket, uint16_t local_port = 1000) {
  sonde_socket_record record{};
  record.header = {SONDE_RECORD_SOCKET, SONDE_ABI_VERSION, sizeof(record), 6, kProcess, kProcess};
  record.handle = handle;
  record.generation_ns = handle + 1;
  record.socket = socket;
  record.local_port = local_port;
  record.found_by = SONDE_FOUND_BY_CIPHERTEXT;
  record.flags = SONDE_DATA_HALF;
  const auto bytes = std::as_bytes(std::span(&record, 1));
  return {bytes.begin(), bytes.end()};
}

// Each data event as "handle >or< position text".
class HalfJoinerTest : public ::testing::Test {
 protected:
  void feed(const std::vector<std::byte>& record) { joiner_.on_record(record); }
  void on_out(Bytes bytes) {
    const auto event = decode(bytes);
    ASSERT_TRUE(event);
    if (const auto* data = std::get_if<DataEvent>(&event->body)) {
      out_.push_back(std::to_string(data->connection.handle) + (data->sent ? " > " : " < ") +
                     std::to_string(data->position) + " " + std::string(as_text(data->bytes)));
    } else if (const auto* socket = std::get_if<SocketEvent>(&event->body)) {
      out_.push_back(std::to_string(socket->connection.handle) + " is " + to_string(socket->local));
    }
  }

  Counters counters_;
  std::vector<std::string> out_;
  HalfJoiner joiner_{counters_,
                     [this](Bytes bytes) { on_out(bytes); },
                     {.held_bytes = 4096, .halves = 8, .patience_ns = 100}};
};

constexpr uint16_t kSent = SONDE_DIRECTION_SENT;
constexpr uint16_t kReceived = SONDE_DIRECTION_RECEIVED;
using Lines = std::vector<std::string>;

TEST_F(HalfJoinerTest, HalvesOfOneSocketBecomeOneConnection) {
  feed(half_data(1, kSent, 0, "ask"));
  EXPECT_EQ(out_, Lines{});
  feed(half_socket(1, 77));
  feed(half_data(1, kSent, 3, "more"));
  feed(half_socket(2, 77));
  feed(half_data(2, kReceived, 0, "answer"));
  EXPECT_EQ(out_, (Lines{"77 is [::]:1000", "77 > 0 ask", "77 > 3 more", "77 < 0 answer"}));
}

TEST_F(HalfJoinerTest, ANewKeyContinuesTheStream) {
  feed(half_socket(1, 77));
  feed(half_data(1, kSent, 0, "old"));
  feed(half_socket(3, 77));
  feed(half_data(3, kSent, 0, "new"));
  EXPECT_EQ(out_.back(), "77 > 3 new");
}

TEST_F(HalfJoinerTest, ASocketUsedAgainIsAnotherConnection) {
  feed(half_socket(1, 77, 1000));
  feed(half_data(1, kSent, 0, "first"));
  feed(half_socket(3, 77, 1001));
  feed(half_data(3, kSent, 0, "second"));
  EXPECT_EQ(out_.back(), "77 > 0 second");
}

TEST_F(HalfJoinerTest, WithoutASocketTheOnlyTwoHalvesPair) {
  feed(half_data(1, kSent, 0, "ask", 10));
  joiner_.release_overdue(50);
  EXPECT_EQ(out_, Lines{});
  joiner_.release_overdue(111);
  feed(half_data(2, kReceived, 0, "answer", 200));
  joiner_.release_overdue(301);
  EXPECT_EQ(out_, (Lines{"1 > 0 ask", "1 < 0 answer"}));
}

TEST_F(HalfJoinerTest, AmongSeveralHalvesNoneIsGuessed) {
  feed(half_data(1, kSent, 0, "ask", 10));
  feed(half_data(2, kSent, 0, "ask", 10));
  feed(half_data(3, kReceived, 0, "answer", 10));
  joiner_.release_all();
  EXPECT_EQ(out_, (Lines{"1 > 0 ask", "2 > 0 ask", "3 < 0 answer"}));
}

TEST_F(HalfJoinerTest, TooMuchToHoldIsLetGoNotLost) {
  const std::string much(3000, 'x');
  feed(half_data(1, kSent, 0, much));
  feed(half_data(1, kSent, 3000, much));
  ASSERT_EQ(out_.size(), 2u);
  EXPECT_EQ(out_[1], "1 > 3000 " + much);
}

TEST_F(HalfJoinerTest, TooManyHalvesPushOutTheFirstAndCountIt) {
  for (uint64_t handle = 1; handle <= 9; ++handle) feed(half_data(handle, kSent, 0, "a"));
  EXPECT_EQ(out_, Lines{"1 > 0 a"});
  EXPECT_EQ(counters_.value(Count::kConnectionsEvicted), 1u);
}

TEST_F(HalfJoinerTest, EveryTruncationPassesOrIsIgnored) {
  for (const auto& record : {half_data(1, kSent, 0, "ask"), half_socket(1, 77)}) {
    for (size_t size = 0; size < sizeof(sonde_record_header); ++size) {
      joiner_.on_record(Bytes(record).first(size));
    }
  }
  EXPECT_EQ(out_, Lines{});
}

TEST(SocketEventTest, AddressesAreShownAsPeopleWriteThem) {
  Endpoint mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}, 443};
  EXPECT_EQ(to_string(mapped), "192.0.2.1:443");
  Endpoint v6{{0x20, 0x01, 0x0d, 0xb8}, 80};
  EXPECT_EQ(to_string(v6), "[2001:db8::]:80");
}

}  // namespace
}  // namespace sonde::capture
