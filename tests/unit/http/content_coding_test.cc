#include "agent/http/content_coding.h"

#include <string>

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/support/deflated.h"
#include "tests/support/splits.h"

namespace sonde::http {
namespace {

using sonde::test::deflated;
using sonde::test::gzip;

std::string brotli(const std::string& text) {
  size_t size = BrotliEncoderMaxCompressedSize(text.size()) + 16;
  std::string out(size, '\0');
  BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, text.size(),
                        reinterpret_cast<const uint8_t*>(text.data()), &size,
                        reinterpret_cast<uint8_t*>(out.data()));
  out.resize(size);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string sample() {
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += "data: {\"delta\":\"" + std::to_string(i * 7919) + "\"}\n\n";
  return text;
}

struct Decoded {
  std::string text;
  CodingChain::Failure failure;
  bool whole;
};

Decoded decode(std::string_view coding, const sonde::test::Parts& parts,
               const Limits& limits = {}) {
  CodingChain chain(limits);
  chain.add(coding);
  std::string text;
  for (const auto part : parts) {
    Bytes input = as_bytes(part);
    for (Bytes piece = chain.next(input); !piece.empty(); piece = chain.next(input)) {
      text += as_text(piece);
    }
  }
  return {text, chain.failure(), chain.whole()};
}

struct Coded {
  std::string coding;
  std::string bytes;
};

std::vector<Coded> all_codings(const std::string& text) {
  return {{"gzip", gzip(text)},
          {"X-GZIP", gzip(text)},
          {"deflate", deflated(text, MAX_WBITS)},
          {"deflate", deflated(text, -MAX_WBITS)},
          {"br", brotli(text)},
          {"zstd", zstd(text)},
          {"deflate, br , gzip", gzip(brotli(deflated(text, MAX_WBITS)))}};
}

TEST(CodingChainTest, EveryCodingAtEverySplitGivesTheText) {
  const std::string text = sample();
  for (const Coded& coded : all_codings(text)) {
    sonde::test::for_each_split(coded.bytes, [&](const sonde::test::Parts& parts) {
      const Decoded decoded = decode(coded.coding, parts);
      ASSERT_EQ(decoded.text, text) << coded.coding;
      ASSERT_TRUE(decoded.whole) << coded.coding;
    });
  }
}

TEST(CodingChainTest, EveryTruncationGivesAPrefixThatIsNotWhole) {
  const std::string text = sample();
  for (const Coded& coded : all_codings(text)) {
    sonde::test::for_each_truncation(coded.bytes, [&](std::string_view prefix) {
      const Decoded decoded = decode(coded.coding, {prefix});
      ASSERT_TRUE(text.starts_with(decoded.text)) << coded.coding;
      ASSERT_EQ(decoded.whole, prefix.empty() || prefix.size() == coded.bytes.size())
          << coded.coding << ' ' << prefix.size();
    });
  }
}

TEST(CodingChainTest, OutputComesWithTheBytesThatCarryIt) {
  // A flushed stream (SSE over gzip) is decoded at once, not at its end.
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(200, '\0');
  std::string text = "data: first\n\n";
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  const Decoded decoded = decode("gzip", {out});
  EXPECT_EQ(decoded.text, text);
  EXPECT_FALSE(decoded.whole);
}

TEST(CodingChainTest, ConcatenatedMembersAreOneBody) {
  const std::string members = gzip("one, ") + gzip("two");
  EXPECT_EQ(decode("gzip", {members}).text, "one, two");
  const std::string frames = zstd("one, ") + zstd("two");
  EXPECT_EQ(decode("zstd", {frames}).text, "one, two");
}

TEST(CodingChainTest, BombIsRefusedEarly) {
  const std::string zeros(64 << 20, '\0');
  for (const Coded& bomb :
       {Coded{"gzip", gzip(zeros)}, Coded{"br", brotli(zeros)}, Coded{"zstd", zstd(zeros)}}) {
    const Decoded decoded = decode(bomb.coding, {bomb.bytes});
    EXPECT_EQ(decoded.failure, CodingChain::Failure::kBomb) << bomb.coding;
    EXPECT_LT(decoded.text.size(), zeros.size() / 2) << bomb.coding;
  }
}

TEST(CodingChainTest, NoiseIsInvalidAndTooManyOrUnknownCodingsAreUnsupported) {
  for (const char* coding : {"gzip", "deflate", "zstd"}) {
    EXPECT_EQ(decode(coding, {"\xff\xff this is not compressed"}).failure,
              CodingChain::Failure::kInvalid)
        << coding;
  }
  EXPECT_EQ(decode("gzip, gzip, gzip, gzip", {"x"}).failure, CodingChain::Failure::kUnsupported);
  EXPECT_EQ(decode("compress", {"x"}).failure, CodingChain::Failure::kUnsupported);
  EXPECT_EQ(decode("identity", {"x"}).text, "x");
}

}  // namespace
}  // namespace sonde::http
