// Stripped twins of real libraries: what the cross-reference locators find must be what the symbol
// table said before it was taken away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attach/elf_fixture.h"

namespace sonde::attach {
namespace {

// A copy of the file in which no symbol name begins with SSL_ any more.
Result<ElfImage> without_ssl_names(const std::filesystem::path& path) {
  std::vector<std::byte> bytes = file_bytes(path);
  const Result<ElfImage> image = ElfImage::open(path, {});
  if (!image.ok()) return tl::unexpected(image.error());
  for (const Section& section : image->sections()) {
    if (section.name != ".dynstr" && section.name != ".strtab") continue;
    const auto begin = bytes.begin() + static_cast<ptrdiff_t>(section.offset);
    const auto end = begin + static_cast<ptrdiff_t>(section.size);
    const Bytes name = as_bytes("SSL_");
    for (auto at = std::search(begin, end, name.begin(), name.end()); at != end;
         at = std::search(at + 1, end, name.begin(), name.end())) {
      *at = std::byte{'X'};
    }
  }
  return image_of(bytes);
}

void expect_same_as_symbols(const std::filesystem::path& path, Stack stack,
                            std::span<const Function> functions) {
  ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing: scripts/install_packages.sh";
  const auto truth = locate(path);
  ASSERT_TRUE(truth.ok()) << truth.error().message;
  const Result<ElfImage> twin = without_ssl_names(path);
  ASSERT_TRUE(twin.ok()) << twin.error().message;
  const LocateReport report = locate(*twin);
  const TlsTarget* target = find_target(report, stack);
  ASSERT_NE(target, nullptr) << (report.refusals.empty() ? "" : report.refusals[0].reason);
  EXPECT_EQ(target->located_by, LocatedBy::kXref);
  for (const Function function : functions) {
    const FunctionSite* expected = find_site(*truth, function);
    const FunctionSite* found = find_site(report, function);
    ASSERT_NE(expected, nullptr) << to_string(function);
    ASSERT_NE(found, nullptr) << to_string(function);
    EXPECT_EQ(found->file_offset, expected->file_offset) << to_string(function);
    EXPECT_EQ(found->returns, expected->returns) << to_string(function);
    EXPECT_FALSE(found->returns.empty()) << to_string(function);
  }
}

constexpr auto kAllFour = std::to_array<Function>(
    {Function::kSslRead, Function::kSslReadEx, Function::kSslWrite, Function::kSslWriteEx});

TEST(BoringSslLocatorTest, AndroidLibrary) {
  expect_same_as_symbols(SONDE_ANDROID_LIBSSL, Stack::kBoringSsl,
                         std::array{Function::kSslRead, Function::kSslWrite});
}

TEST(OpenSslLocatorTest, SharedLibraryOfThisMachine) {
  expect_same_as_symbols(SONDE_LIBSSL, Stack::kOpenSsl, kAllFour);
}

TEST(OpenSslLocatorTest, StaticProgramWithInlinedInternals) {
  const auto truth = locate(std::filesystem::path(SONDE_NODE));
  ASSERT_TRUE(truth.ok()) << truth.error().message;
  if (find_target(*truth, Stack::kOpenSsl) == nullptr) {
    // Debian's own Node.js uses the shared library, and holds nothing to be found.
    EXPECT_TRUE(truth->targets.empty());
    return;
  }
  expect_same_as_symbols(SONDE_NODE, Stack::kOpenSsl, kAllFour);
}

// A program linked with libssl.a at build time, as it is and stripped: position-independent and
// not.
class StaticOpenSslTest : public testing::TestWithParam<std::string> {};

TEST_P(StaticOpenSslTest, StrippedEqualsUnstripped) {
  const auto symbols = locate(fixture(GetParam()));
  const auto stripped = locate(fixture(GetParam() + ".stripped"));
  ASSERT_TRUE(symbols.ok());
  ASSERT_TRUE(stripped.ok());
  for (const Function function : kAllFour) {
    const FunctionSite* expected = find_site(*symbols, function);
    const FunctionSite* found = find_site(*stripped, function);
    ASSERT_NE(expected, nullptr) << to_string(function);
    ASSERT_NE(found, nullptr) << to_string(function);
    EXPECT_EQ(found->file_offset, expected->file_offset);
    EXPECT_EQ(found->returns, expected->returns);
  }
  EXPECT_EQ(find_target(*symbols, Stack::kOpenSsl)->located_by, LocatedBy::kSymbol);
  EXPECT_EQ(find_target(*stripped, Stack::kOpenSsl)->located_by, LocatedBy::kXref);
  EXPECT_THAT(find_target(*stripped, Stack::kOpenSsl)->version, testing::StartsWith("OpenSSL 3."));
  EXPECT_EQ(stripped->targets.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Links, StaticOpenSslTest,
                         testing::Values("static_openssl_pie", "static_openssl_no_pie"));

TEST(SymbolLocatorRealTest, GnuTlsSendIsHeardThroughTheTargetOfItsStub) {
  const auto report = locate(SONDE_LIBGNUTLS);
  ASSERT_TRUE(report.ok()) << report.error().message;
  const FunctionSite* send = find_site(*report, Function::kGnutlsRecordSend2);
  const FunctionSite* recv = find_site(*report, Function::kGnutlsRecordRecv);
  ASSERT_NE(send, nullptr);
  ASSERT_NE(recv, nullptr);
  EXPECT_FALSE(send->returns.empty()) << send->returns_refused;
  EXPECT_FALSE(recv->returns.empty()) << recv->returns_refused;
}

TEST(NssLocatorTest, FindsTheMethodTable) {
  const auto report = locate(SONDE_LIBSSL3_NSS);
  ASSERT_TRUE(report.ok()) << report.error().message;
  const TlsTarget* target = find_target(*report, Stack::kNss);
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(target->functions.size(), 5u);
  for (const FunctionSite& site : target->functions) {
    EXPECT_EQ(site.returns.empty(), !needs_returns(site.function)) << site.returns_refused;
  }
}

}  // namespace
}  // namespace sonde::attach
