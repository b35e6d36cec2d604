#include "agent/http/coding_guess.h"

#include <string>

#include <brotli/encode.h>
#include <gtest/gtest.h>

namespace sonde::http {
namespace {

std::string brotli(const std::string& text) {
  std::string out(text.size() + 1024, '\0');
  size_t size = out.size();
  BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, text.size(),
                        reinterpret_cast<const uint8_t*>(text.data()), &size,
                        reinterpret_cast<uint8_t*>(out.data()));
  out.resize(size);
  return out;
}

TEST(CodingGuessTest, TextIsNotCoded) {
  for (const std::string text : {"{\"a\":1}", "[", "data: x\n\n", "(", "\xc3\xbc", "\xe4\xb8"}) {
    const CodingGuess guess = guess_coding(as_bytes(text));
    EXPECT_EQ(guess.coding, "") << text;
    EXPECT_TRUE(guess.certain) << text;
  }
}

TEST(CodingGuessTest, MagicNumbersTellTheCoding) {
  EXPECT_EQ(guess_coding(as_bytes("\x1f\x8b\x08\x02\x03")).coding, "gzip");
  EXPECT_EQ(guess_coding(as_bytes("\x1f")).coding, "gzip");
  EXPECT_EQ(guess_coding(as_bytes("\x28\xb5\x2f\xfd")).coding, "zstd");
  EXPECT_EQ(guess_coding(as_bytes("\x78\x9c\x01")).coding, "deflate");
}

TEST(CodingGuessTest, BrotliIsToldByWhatItDecodesTo) {
  std::string text = "{\"messages\":[";
  for (int i = 0; i < 100; ++i)
    text += "{\"role\":\"user\",\"content\":\"" + std::to_string(i * i) + "\"},";
  EXPECT_EQ(guess_coding(as_bytes(brotli(text))).coding, "br");
}

TEST(CodingGuessTest, OtherBinaryIsUncertain) {
  const CodingGuess guess = guess_coding(as_bytes(std::string_view("\0\0\0\0\x05hello", 10)));
  EXPECT_EQ(guess.coding, "");
  EXPECT_FALSE(guess.certain);
}

}  // namespace
}  // namespace sonde::http
