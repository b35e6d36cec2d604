#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attach/elf_fixture.h"

namespace sonde::attach {
namespace {

// Built with symbols and with -ldflags "-s -w", for both machines.
class GoLocatorTest : public testing::TestWithParam<std::string> {};

TEST_P(GoLocatorTest, PclntabSaysWhatTheSymbolTableSays) {
  const auto symbols = locate(fixture("go_client_" + GetParam()));
  const auto stripped = locate(fixture("go_client_" + GetParam() + "_stripped"));
  ASSERT_TRUE(symbols.ok()) << symbols.error().message;
  ASSERT_TRUE(stripped.ok()) << stripped.error().message;
  const TlsTarget* from_symbols = find_target(*symbols, Stack::kGo);
  const TlsTarget* from_table = find_target(*stripped, Stack::kGo);
  ASSERT_NE(from_symbols, nullptr);
  ASSERT_NE(from_table, nullptr);
  EXPECT_EQ(from_symbols->located_by, LocatedBy::kSymbol);
  EXPECT_EQ(from_table->located_by, LocatedBy::kGopclntab);
  EXPECT_THAT(from_table->version, testing::StartsWith("go1."));
  for (const Function function : {Function::kGoRead, Function::kGoWrite, Function::kGoClose}) {
    const FunctionSite* expected = find_site(*symbols, function);
    const FunctionSite* found = find_site(*stripped, function);
    ASSERT_NE(expected, nullptr);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->file_offset, expected->file_offset);
    EXPECT_EQ(found->returns, expected->returns);
    EXPECT_EQ(found->returns.empty(), !needs_returns(function)) << found->returns_refused;
  }
}

INSTANTIATE_TEST_SUITE_P(Machines, GoLocatorTest, testing::Values("amd64", "arm64"));

TEST(GoFileTest, SectionHeadersAreNotNeeded) {
  std::vector<std::byte> bytes = file_bytes(fixture("go_client_amd64_stripped"));
  std::fill_n(bytes.begin() + 0x28, 8, std::byte{0});  // e_shoff
  std::fill_n(bytes.begin() + 0x3a, 6, std::byte{0});  // e_shentsize, e_shnum, e_shstrndx
  const Result<ElfImage> image = image_of(bytes);
  ASSERT_TRUE(image.ok()) << image.error().message;
  const LocateReport report = locate(*image);
  const TlsTarget* target = find_target(report, Stack::kGo);
  ASSERT_NE(target, nullptr);
  EXPECT_THAT(target->version, testing::StartsWith("go1."));
}

TEST(GoFileTest, AnOldCallingConventionIsRefused) {
  std::vector<std::byte> bytes = file_bytes(fixture("go_client_amd64"));
  const Result<ElfImage> original = image_of(bytes);
  ASSERT_TRUE(original.ok());
  const Section* info = original->section(".go.buildinfo");
  ASSERT_NE(info, nullptr);
  const std::string_view old = "go1.16";
  const auto at = static_cast<ptrdiff_t>(info->offset + 33);
  bytes[info->offset + 32] = std::byte{6};
  std::copy_n(as_bytes(old).begin(), old.size(), bytes.begin() + at);
  const Result<ElfImage> image = image_of(bytes);
  ASSERT_TRUE(image.ok());
  const LocateReport report = locate(*image);
  EXPECT_EQ(find_target(report, Stack::kGo), nullptr);
  ASSERT_EQ(report.refusals.size(), 1u);
  EXPECT_THAT(report.refusals[0].reason, testing::HasSubstr("go1.16"));
}

}  // namespace
}  // namespace sonde::attach
