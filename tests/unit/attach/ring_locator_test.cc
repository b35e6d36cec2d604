// rustls over ring in a real program, stripped: what is found must be what the symbols of its twin
// say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attach/elf_fixture.h"

namespace sonde::attach {
namespace {

using namespace std::string_literals;

// The program with the first `text` in it replaced, as far as `by` goes.
LocateReport locate_with(const std::string& text, const std::string& by) {
  std::vector<std::byte> bytes = file_bytes(SONDE_RUSTLS_CLIENT);
  const Bytes wanted = as_bytes(text);
  const auto at = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
  EXPECT_NE(at, bytes.end()) << text;
  std::copy_n(as_bytes(by).begin(), by.size(), at);
  const Result<ElfImage> image = image_of(bytes);
  EXPECT_TRUE(image.ok());
  return locate(*image);
}

TEST(RingLocatorTest, EverythingIsWhereTheSymbolsSay) {
  const auto symbols = symbol_offsets(SONDE_RUSTLS_CLIENT ".unstripped");
  ASSERT_TRUE(symbol_offsets(SONDE_RUSTLS_CLIENT).empty());
  const auto report = locate(std::filesystem::path(SONDE_RUSTLS_CLIENT));
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_THAT(report->refusals, testing::IsEmpty());
  const TlsTarget* target = find_target(*report, Stack::kRustls);
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(target->flavour, "ring");
  EXPECT_EQ(target->located_by, LocatedBy::kPattern);
  std::vector<Function> functions;
  for (const FunctionSite& site : target->functions) {
    functions.push_back(site.function);
    const auto symbol = symbols.find("GFp_" + site.symbol);
    ASSERT_NE(symbol, symbols.end()) << site.symbol;
    EXPECT_EQ(site.file_offset, symbol->second) << site.symbol;
    EXPECT_EQ(site.returns.empty(), !needs_returns(site.function)) << site.returns_refused;
  }
  EXPECT_THAT(functions, testing::UnorderedElementsAre(
                             Function::kRingGcmContextEnc, Function::kRingGcmContextDec,
                             Function::kRingChachaSeal, Function::kRingChachaOpen));
}

TEST(RingLocatorTest, WithoutItsConstantsAFunctionIsNotTaken) {
  const LocateReport report =
      locate_with("\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"s, "\x03");
  EXPECT_EQ(find_site(report, Function::kRingGcmContextEnc), nullptr);
  const LocateReport no_cipher = locate_with("expand 32-byte kexpand 32-byte k", "E");
  EXPECT_EQ(find_site(no_cipher, Function::kRingChachaOpen), nullptr);
  EXPECT_NE(find_site(no_cipher, Function::kRingGcmContextEnc), nullptr);
}

TEST(RingLocatorTest, RingWithoutRustlsIsNoTlsStack) {
  const LocateReport report = locate_with("cannot decrypt peer's message", "C");
  EXPECT_THAT(report.targets, testing::IsEmpty());
  EXPECT_THAT(report.refusals, testing::IsEmpty());
}

TEST(RingLocatorTest, BesideALibraryWithTheSameAssemblyItIsRefused) {
  const LocateReport report = locate_with("/usr/share/cargo/registry/rustls", "ssl/ssl_lib.c\0"s);
  EXPECT_EQ(find_target(report, Stack::kRustls), nullptr);
  EXPECT_THAT(report.refusals, testing::Contains(testing::Field(
                                   &Refusal::reason, testing::HasSubstr("same assembly as ring"))));
}

TEST(RingLocatorTest, OneOfAPairAloneIsRefused) {
  // cmp rdx, 288; jb; one byte off, aesni_gcm_encrypt is none any more.
  const LocateReport report = locate_with("\x48\x81\xfa\x20\x01\x00\x00\x0f\x82"s, "\x49");
  EXPECT_EQ(find_site(report, Function::kRingGcmContextDec), nullptr);
  EXPECT_THAT(report.refusals, testing::Not(testing::IsEmpty()));
  EXPECT_NE(find_site(report, Function::kRingChachaSeal), nullptr);
}

}  // namespace
}  // namespace sonde::attach
