#include "agent/conn/connection.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/http/transcript.h"

namespace sonde::conn {
namespace {

const std::string kRequest = "POST /v1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789";
const std::string kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer";

// A connection that is told of pieces as the kernel writes them.
struct Wired {
  Limits limits;
  Counters counters;
  http::test::Transcript transcript;
  Connection connection{{}, 1, false, transcript, limits, counters};

  Wired() = default;
  Wired(const Wired&) = delete;

  void piece(bool sent, uint64_t position, std::string_view text, size_t original = 0) {
    connection.on_data({.connection = {},
                        .target = 1,
                        .sent = sent,
                        .position = position,
                        .original_bytes = static_cast<uint32_t>(std::max(original, text.size())),
                        .entry_time = {},
                        .bytes = as_bytes(text)});
  }
  void close(uint64_t received, uint64_t sent) {
    connection.on_close({.connection = {}, .end_position = {received, sent}});
  }
  http::test::Told& told(http::ExchangeNumber number) { return transcript.exchanges[number]; }
};

TEST(ConnectionTest, PiecesOfBothDirectionsBecomeAnExchange) {
  Wired wired;
  wired.piece(true, 0, kRequest.substr(0, 30));
  wired.piece(true, 30, kRequest.substr(30));
  wired.piece(false, 0, kResponse);
  wired.close(kResponse.size(), kRequest.size());
  EXPECT_EQ(wired.connection.side(), http::Side::kClient);
  EXPECT_TRUE(wired.told(1).request.whole());
  EXPECT_TRUE(wired.told(1).response.whole());
  EXPECT_EQ(wired.connection.lost_bytes(), 0U);
}

TEST(ConnectionTest, APieceThatWasNotCapturedWholeIsAGapOfItsSize) {
  Wired wired;
  const size_t kept = kRequest.size() - 4;
  wired.piece(true, 0, kRequest.substr(0, kept), kRequest.size());
  wired.piece(false, 0, kResponse);
  wired.close(kResponse.size(), kRequest.size());
  EXPECT_EQ(wired.told(1).request.body, "012345");
  EXPECT_EQ(wired.told(1).request.lost, 4U);
  EXPECT_EQ(wired.told(1).request.end, http::End::kTruncated);
  EXPECT_TRUE(wired.told(1).response.whole());
  EXPECT_EQ(wired.connection.lost_bytes(), 4U);
}

TEST(ConnectionTest, APieceThatIsMissingInTheMiddleIsAGapInPlace) {
  Wired wired;
  wired.piece(true, 0, kRequest.substr(0, kRequest.size() - 8));
  wired.piece(true, kRequest.size() - 2, kRequest.substr(kRequest.size() - 2));
  wired.piece(false, 0, kResponse);
  EXPECT_EQ(wired.told(1).request.body, "0189");
  EXPECT_EQ(wired.told(1).request.lost, 6U);
  EXPECT_TRUE(wired.told(1).response.whole());
}

TEST(ConnectionTest, TheCloseTellsWhatWasLostBehindTheLastPiece) {
  Wired wired;
  wired.piece(true, 0, kRequest);
  wired.piece(false, 0, "HTTP/1.1 200 OK\r\n\r\nuntil clo");
  wired.close(40, kRequest.size());
  EXPECT_EQ(wired.told(1).response.body, "until clo");
  EXPECT_EQ(wired.told(1).response.end, http::End::kTruncated);
  EXPECT_EQ(wired.connection.lost_bytes(), 12U);
}

TEST(ConnectionTest, PositionsNearTheEndOfTheirRangeAreHarmless) {
  Wired wired;
  wired.piece(true, 0, kRequest);
  wired.piece(true, UINT64_MAX - 2, "beyond");
  wired.piece(true, 5, "again");
  wired.piece(false, 0, kResponse);
  wired.close(UINT64_MAX, UINT64_MAX);
  EXPECT_TRUE(wired.told(1).request.whole());
  EXPECT_EQ(wired.told(1).response.body, "answer");
}

}  // namespace
}  // namespace sonde::conn
