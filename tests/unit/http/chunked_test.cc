#include "agent/http/chunked.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/splits.h"

namespace sonde::http {
namespace {

using Step = ChunkedDecoder::Step;

struct Decoded {
  std::string data;
  std::string rest;
  Step last = Step::kNeedMore;
};

Decoded decode(const sonde::test::Parts& parts, const Limits& limits = {}) {
  ChunkedDecoder decoder(limits);
  Decoded result;
  for (const auto part : parts) {
    Bytes input = as_bytes(part);
    Bytes data;
    while (result.last != Step::kEnd && result.last != Step::kInvalid && !input.empty()) {
      result.last = decoder.next(input, data);
      if (result.last == Step::kData) result.data += as_text(data);
    }
    result.rest += as_text(input);
  }
  return result;
}

TEST(ChunkedDecoderTest, EverySplitGivesTheSameData) {
  const std::string stream =
      "5\r\nhello\r\n00A;ext=\"x\"\r\n, chunked \r\n0;last\r\nA: b\r\n\r\nrest";
  sonde::test::for_each_split(stream, [](const sonde::test::Parts& parts) {
    const Decoded decoded = decode(parts);
    EXPECT_EQ(decoded.data, "hello, chunked ");
    EXPECT_EQ(decoded.last, Step::kEnd);
    EXPECT_EQ(decoded.rest, "rest");
  });
}

TEST(ChunkedDecoderTest, SizeThatIsNotHexDigitsIsInvalid) {
  for (const std::string stream : {"+5\r\nhello", "-1\r\n", "0x5\r\n", " 5\r\n", "\r\n5\r\n",
                                   "g\r\n", ";\r\n", "1000000000000000\r\n"}) {
    EXPECT_EQ(decode({stream}).last, Step::kInvalid) << stream;
  }
}

TEST(ChunkedDecoderTest, DataWithoutItsLineEndIsInvalid) {
  EXPECT_EQ(decode({"2\r\nabc\r\n"}).last, Step::kInvalid);
  EXPECT_EQ(decode({"2\r\nab\r\r\n"}).last, Step::kInvalid);
}

TEST(ChunkedDecoderTest, EndlessExtensionAndTrailerMeetTheLimit) {
  Limits limits;
  limits.header_bytes = 10;
  const std::string extension = "1;" + std::string(20, 'x');
  const std::string trailer = "0\r\n" + std::string(20, 'x');
  EXPECT_EQ(decode({extension}, limits).last, Step::kInvalid);
  EXPECT_EQ(decode({trailer}, limits).last, Step::kInvalid);
}

}  // namespace
}  // namespace sonde::http
