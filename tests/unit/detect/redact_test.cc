#include "agent/detect/redact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/detect/check_digits.h"
#include "agent/detect/personal_data.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class RedactTest : public ::testing::Test {
 protected:
  void SetUp() override {
    LiteralSetBuilder builder;
    auto finder = SecretFinder::create(builder);
    ASSERT_TRUE(finder.ok());
    finder_ = std::make_unique<SecretFinder>(std::move(*finder));
    auto literals = LiteralSet::create(builder);
    ASSERT_TRUE(literals.ok());
    literals_ = std::make_unique<LiteralSet>(std::move(*literals));
    redactor_ = std::make_unique<Redactor>("0123456789abcdef", limits_, *finder_, *literals_);
  }

  std::string evidence(std::string_view text, size_t start, size_t end) {
    return redactor_->evidence(text, start, end, finder_->find(text, *literals_));
  }

  Limits limits_;
  std::unique_ptr<SecretFinder> finder_;
  std::unique_ptr<LiteralSet> literals_;
  std::unique_ptr<Redactor> redactor_;
};

TEST_F(RedactTest, PersonalDataIsMasked) {
  const std::string shown = redactor_->mask(
      "Write to ada@lovelace.test or +44 20 7946 0958, card 4012 8888 8888 1881, IBAN "
      "DE89 3704 0044 0532 0130 00.");
  EXPECT_THAT(shown, StartsWith("Write to [email:"));
  EXPECT_THAT(shown, HasSubstr("[phone:"));
  EXPECT_THAT(shown, HasSubstr("[payment_card:"));
  EXPECT_THAT(shown, HasSubstr("[iban:"));
  for (const char* part : {"ada@", "7946", "8888", "3704"})
    EXPECT_THAT(shown, Not(HasSubstr(part)));
}

TEST_F(RedactTest, PersonalDataInsideEncodingsIsMasked) {
  // "Ada, card 4012 8888 8888 1881, ada@lovelace.test" in base64 and in hex.
  const std::string base64 = "QWRhLCBjYXJkIDQwMTIgODg4OCA4ODg4IDE4ODEsIGFkYUBsb3ZlbGFjZS50ZXN0";
  const std::string hex =
      "4164612c206361726420343031322038383838203838383820313838312c206164614"
      "06c6f76656c6163652e74657374";
  for (const std::string& encoded : {base64, hex}) {
    const std::string shown = redactor_->mask("see " + encoded + " there");
    EXPECT_THAT(shown, HasSubstr("[payment_card:")) << shown;
    EXPECT_THAT(shown, Not(HasSubstr(encoded.substr(0, 20)))) << shown;
    EXPECT_THAT(shown, StartsWith("see ["));
    EXPECT_THAT(shown, ::testing::EndsWith("] there"));
  }
}

TEST_F(RedactTest, AnEncodedRunThatReachesOutOfTheWindowIsMaskedWhole) {
  // The card stands at the end of a run of 4 KiB; only its beginning is shown.
  std::string encoded;
  for (int i = 0; i < 1000; ++i) encoded += "YWFh";  // "aaa"
  encoded += "IGNhcmQgNDAxMiA4ODg4IDg4ODggMTg4MQ==";
  const std::string text = "start " + encoded + " end";
  EXPECT_THAT(evidence(text, 0, 40), HasSubstr("[payment_card:"));
}

TEST_F(RedactTest, SecretReachingIntoTheSegmentIsMaskedWhole) {
  const std::string text = "postgres://svc:9xK2vLqW0aZt7@db.internal/app";
  const size_t inside = text.find("LqW0");
  EXPECT_THAT(evidence(text, inside, inside + 4), Not(HasSubstr("LqW0")));
}

TEST_F(RedactTest, EvidenceIsTheSegmentWithALittleContext) {
  const std::string text = std::string(300, 'a') + " HERE " + std::string(300, 'b');
  const std::string shown = evidence(text, 301, 305);
  EXPECT_THAT(shown, HasSubstr("HERE"));
  EXPECT_LT(shown.size(), 100u);
}

TEST_F(RedactTest, EvidenceNeverExceedsTheLimitInCodePoints) {
  limits_.evidence_code_points = 50;
  Redactor redactor("0123456789abcdef", limits_, *finder_, *literals_);
  std::string text;
  for (int i = 0; i < 500; ++i) text += "ü";
  EXPECT_LE(count_code_points(redactor.evidence(text, 0, text.size(), {})), 50u);
}

TEST_F(RedactTest, InvisibleCharactersAreShownByNumber) {
  std::string text = "a";
  for (uint32_t c = 0xE0041; c < 0xE0046; ++c) append_utf8(text, c);
  EXPECT_EQ(redactor_->mask(text + "b"), "a[invisible:5]b");
}

TEST_F(RedactTest, InvalidUtf8BecomesValid) { EXPECT_EQ(redactor_->mask("a\xFF"), "a\uFFFD"); }

TEST_F(RedactTest, FingerprintDependsOnTheKey) {
  Redactor other("fedcba9876543210", limits_, *finder_, *literals_);
  EXPECT_NE(redactor_->fingerprint_of("value"), other.fingerprint_of("value"));
  EXPECT_EQ(redactor_->fingerprint_of("value"), redactor_->fingerprint_of("value"));
}

TEST(PersonalDataTest, LookAlikesAreSpared) {
  for (const char* text :
       {"version 1.2.3.4", "2026-11-23 12:30:00", "order 4012888888881882", "@mention", "a@b",
        "3.14159265358979", "id 123456789012", "DE89370400440532013001", "0000-0000-0000-0000",
        "123-45-6789-0", "f(x)@2x", "price 1,234,567.89"}) {
    EXPECT_THAT(find_personal_data(text), IsEmpty()) << text;
  }
}

TEST(CheckDigitsTest, KnownNumbers) {
  EXPECT_TRUE(payment_card_valid("4111111111111111"));
  EXPECT_TRUE(payment_card_valid("378282246310005"));
  EXPECT_FALSE(payment_card_valid("4111111111111112"));
  EXPECT_FALSE(payment_card_valid("0000000000000000"));
  EXPECT_TRUE(iban_valid("GB82WEST12345698765432"));
  EXPECT_FALSE(iban_valid("GB82WEST12345698765433"));
  EXPECT_FALSE(iban_valid("XX82WEST12345698765432"));
}

}  // namespace
}  // namespace sonde::detect
