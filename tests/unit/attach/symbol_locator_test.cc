#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/attach/locate_json.h"
#include "tests/unit/attach/elf_fixture.h"

namespace sonde::attach {
namespace {

TEST(SymbolLocatorTest, FindsTwoStacksInOneFile) {
  const auto report = locate(fixture("returns_x86_64.so"));
  ASSERT_TRUE(report.ok());
  const TlsTarget* openssl = find_target(*report, Stack::kOpenSsl);
  ASSERT_NE(openssl, nullptr);
  EXPECT_EQ(openssl->located_by, LocatedBy::kSymbol);
  EXPECT_EQ(openssl->functions.size(), 5u);
  EXPECT_NE(find_target(*report, Stack::kGnuTls), nullptr);
}

TEST(SymbolLocatorTest, WorksWithoutSectionHeaders) {
  std::vector<std::byte> bytes = file_bytes(fixture("returns_x86_64.so"));
  constexpr size_t kSectionFields = 0x28;  // e_shoff
  std::fill_n(bytes.begin() + kSectionFields, 8, std::byte{0});
  std::fill_n(bytes.begin() + 0x3a, 6, std::byte{0});  // e_shentsize, e_shnum, e_shstrndx
  const Result<ElfImage> image = image_of(bytes);
  ASSERT_TRUE(image.ok()) << image.error().message;
  const LocateReport report = locate(*image);
  ASSERT_EQ(report.targets.size(), 2u);
  EXPECT_NE(find_site(report, Function::kSslRead), nullptr);
}

TEST(SymbolLocatorTest, OneDirectionAloneIsRefused) {
  std::vector<std::byte> bytes = file_bytes(fixture("returns_x86_64.stripped.so"));
  const std::string_view text = as_text(Bytes(bytes));
  for (size_t at = text.find("SSL_write"); at != std::string_view::npos;
       at = text.find("SSL_write", at + 1)) {
    bytes[at] = std::byte{'X'};
  }
  const Result<ElfImage> image = image_of(bytes);
  ASSERT_TRUE(image.ok());
  const LocateReport report = locate(*image);
  EXPECT_EQ(find_target(report, Stack::kOpenSsl), nullptr);
  ASSERT_EQ(report.refusals.size(), 1u);
  EXPECT_EQ(report.refusals[0].stack, Stack::kOpenSsl);
}

TEST(LocateJsonTest, NamesStackEvidenceAndOffsets) {
  const auto report = locate(fixture("returns_x86_64.so"));
  ASSERT_TRUE(report.ok());
  const std::string json = to_json("/lib/x.so", *report);
  EXPECT_THAT(json, testing::StartsWith(R"({"schema":"sonde.locate/1","file":"/lib/x.so")"));
  EXPECT_THAT(json, testing::HasSubstr(R"("stack":"openssl")"));
  EXPECT_THAT(json, testing::HasSubstr(R"("located_by":"symbol")"));
  EXPECT_THAT(json, testing::HasSubstr(R"("return_offsets":[)"));
  EXPECT_THAT(json, testing::HasSubstr(R"("returns_refused":"leaves by a jump)"));
}

}  // namespace
}  // namespace sonde::attach
