#include "agent/http/grpc.h"

#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/support/deflated.h"
#include "tests/support/splits.h"

namespace sonde::http {
namespace {

using sonde::test::gzip;

std::string framed(uint8_t flags, std::string_view data) {
  std::string out(1, static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(data.size() >> shift);
  return out + std::string(data);
}

std::string base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t at = 0; at < text.size(); at += 3) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (at + i < text.size() ? static_cast<uint8_t>(text[at + i]) : 0U);
    }
    for (size_t i = 0; i < 4; ++i) {
      out += at + i <= text.size() ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

struct Parsed {
  Limits limits;
  Counters counters;
  GrpcParser parser;
  std::vector<GrpcMessage> messages;
  bool invalid = false;

  explicit Parsed(GrpcFraming framing, Limits given = {})
      : limits(given), parser(std::move(framing), limits, counters) {}
  void feed(std::string_view text) {
    invalid = parser.consume(as_bytes(text), messages) == Progress::kInvalid || invalid;
  }
};

const std::string kBody = framed(0, "first message") + framed(1, gzip("second, compressed")) +
                          framed(0, "") + framed(0, std::string(300, 'x'));

void expect_all(const Parsed& parsed) {
  ASSERT_EQ(parsed.messages.size(), 4U);
  EXPECT_EQ(parsed.messages[0].data, "first message");
  EXPECT_EQ(parsed.messages[1].data, "second, compressed");
  EXPECT_EQ(parsed.messages[2].data, "");
  EXPECT_EQ(parsed.messages[3].data, std::string(300, 'x'));
  EXPECT_FALSE(parsed.invalid);
  EXPECT_TRUE(parsed.parser.between_messages());
}

TEST(GrpcParserTest, FramingIsToldByTheMediaType) {
  Head head;
  const auto framing = [&head](const std::string& type) {
    head.fields = {{"content-type", type}, {"grpc-encoding", "gzip"}};
    return grpc_framing(head);
  };
  EXPECT_EQ(framing("application/grpc+proto")->subtype, "proto");
  EXPECT_EQ(framing("application/grpc")->encoding, "gzip");
  EXPECT_FALSE(framing("application/grpc")->web);
  EXPECT_TRUE(framing("Application/gRPC-Web+json; charset=utf-8")->web);
  EXPECT_TRUE(framing("application/grpc-web-text")->base64);
  EXPECT_FALSE(framing("application/grpcish"));
  EXPECT_FALSE(framing("application/json"));
}

TEST(GrpcParserTest, EverySplitGivesTheSameMessages) {
  sonde::test::for_each_split(kBody, [](const sonde::test::Parts& parts) {
    Parsed parsed({.web = false, .base64 = false, .subtype = {}, .encoding = "gzip"});
    for (const auto part : parts) parsed.feed(part);
    expect_all(parsed);
  });
}

TEST(GrpcParserTest, WebTextIsDecodedPieceByPiece) {
  const std::string text = base64(kBody.substr(0, 31)) + base64(kBody.substr(31)) +
                           base64(framed(0x80, "grpc-status: 0\r\n"));
  sonde::test::for_each_split(text, [](const sonde::test::Parts& parts) {
    Parsed parsed({.web = true, .base64 = true, .subtype = {}, .encoding = "gzip"});
    for (const auto part : parts) parsed.feed(part);
    ASSERT_EQ(parsed.messages.size(), 5U);
    EXPECT_TRUE(parsed.messages[4].trailers);
    EXPECT_EQ(parsed.messages[4].data, "grpc-status: 0\r\n");
    parsed.messages.pop_back();
    expect_all(parsed);
  });
}

TEST(GrpcParserTest, EveryTruncationIsAPrefixOfTheMessages) {
  sonde::test::for_each_truncation(kBody, [](std::string_view prefix) {
    Parsed parsed({.web = false, .base64 = false, .subtype = {}, .encoding = "gzip"});
    parsed.feed(prefix);
    EXPECT_FALSE(parsed.invalid);
    if (!parsed.messages.empty()) {
      EXPECT_EQ(parsed.messages[0].data, "first message");
    }
    EXPECT_EQ(parsed.messages.size() == 4, prefix.size() == kBody.size());
  });
}

TEST(GrpcParserTest, EveryGapDropsMessagesAndInventsNone) {
  const std::string body =
      framed(0, "message one") + framed(0, "message two") + framed(0, "message three");
  sonde::test::for_each_gap(
      body, [](std::string_view before, std::string_view lost, std::string_view after) {
        Parsed parsed({});
        parsed.feed(before);
        parsed.parser.gap(lost.size());
        parsed.feed(after);
        EXPECT_LT(parsed.messages.size(), 3U);
        for (const GrpcMessage& message : parsed.messages) {
          EXPECT_TRUE(message.data == "message one" || message.data == "message two" ||
                      message.data == "message three")
              << message.data;
        }
      });
}

TEST(GrpcParserTest, GapInsideAMessageCostsThatMessage) {
  Parsed parsed({});
  parsed.feed(framed(0, "0123456789").substr(0, 8));
  parsed.parser.gap(4);
  parsed.feed("789" + framed(0, "next"));
  ASSERT_EQ(parsed.messages.size(), 1U);
  EXPECT_EQ(parsed.messages[0].data, "next");
}

TEST(GrpcParserTest, MessagesAboveTheLimitAndBombsAreDropped) {
  Limits limits;
  limits.grpc_message_bytes = 100;
  Parsed parsed({.web = false, .base64 = false, .subtype = {}, .encoding = "gzip"}, limits);
  parsed.feed(framed(0, std::string(101, 'x')) + framed(1, gzip(std::string(5000, 'x'))));
  parsed.feed(framed(0, "next"));
  EXPECT_TRUE(parsed.invalid);
  ASSERT_EQ(parsed.messages.size(), 1U);
  EXPECT_EQ(parsed.messages[0].data, "next");
  EXPECT_EQ(parsed.counters.value(Count::kHttpBodyTruncated), 1U);
  EXPECT_EQ(parsed.counters.value(Count::kHttpDecodeFailed), 1U);
}

TEST(GrpcParserTest, ReservedFlagsLoseTheFraming) {
  Parsed parsed({});
  parsed.feed(framed(0x80, "trailers are for gRPC-Web only"));
  EXPECT_TRUE(parsed.invalid);
  parsed.feed(framed(0, "unreachable"));
  EXPECT_TRUE(parsed.messages.empty());
  EXPECT_EQ(parsed.counters.value(Count::kHttpInvalid), 1U);
}

}  // namespace
}  // namespace sonde::http
