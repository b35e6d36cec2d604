#include "agent/attach/return_finder.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/attach/elf_fixture.h"

namespace sonde::attach {
namespace {

// The RETs the assembler labelled for one function.
std::vector<ReturnSite> expected_returns(const std::map<std::string, uint64_t>& symbols,
                                         const std::string& function) {
  std::vector<ReturnSite> expected;
  for (const auto& [name, offset] : symbols) {
    if (name.starts_with("expect." + function + ".")) expected.push_back({offset, false});
    if (name.starts_with("shared." + function + ".")) expected.push_back({offset, true});
  }
  std::sort(expected.begin(), expected.end(),
            [](const auto& a, const auto& b) { return a.file_offset < b.file_offset; });
  return expected;
}

// Every story, on both machines, with symbols (sizes known) and stripped (.eh_frame only).
class ReturnFinderTest : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  void SetUp() override {
    const auto& [machine, stripped] = GetParam();
    symbols_ = symbol_offsets(fixture("returns_" + machine + ".so"));
    auto report = locate(fixture("returns_" + machine + stripped + ".so"));
    ASSERT_TRUE(report.ok()) << report.error().message;
    report_ = std::move(*report);
  }

  void expect_labelled(Function function, const std::string& symbol) {
    const FunctionSite* site = find_site(report_, function);
    ASSERT_NE(site, nullptr) << symbol;
    EXPECT_EQ(site->symbol, symbol);
    EXPECT_EQ(site->file_offset, symbols_[symbol]);
    const std::vector<ReturnSite> expected = expected_returns(symbols_, symbol);
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(site->returns, expected) << symbol << ": " << site->returns_refused;
  }

  std::map<std::string, uint64_t> symbols_;
  LocateReport report_;
};

TEST_P(ReturnFinderTest, FindsEveryRetAndTheColdPartComesBack) {
  expect_labelled(Function::kSslRead, "SSL_read");
}

TEST_P(ReturnFinderTest, FollowsATailCallAndMarksItsRetShared) {
  expect_labelled(Function::kSslWrite, "SSL_write");
}

TEST_P(ReturnFinderTest, ResolvesAJumpTable) {
  expect_labelled(Function::kSslWriteEx, "SSL_write_ex");
}

TEST_P(ReturnFinderTest, RefusesAJumpThroughAPointer) {
  const FunctionSite* site = find_site(report_, Function::kSslReadEx);
  ASSERT_NE(site, nullptr);
  EXPECT_TRUE(site->returns.empty());
  EXPECT_THAT(site->returns_refused, testing::HasSubstr("pointer"));
}

TEST_P(ReturnFinderTest, AnEntryOnlyFunctionHasNoReturns) {
  const FunctionSite* site = find_site(report_, Function::kSslFree);
  ASSERT_NE(site, nullptr);
  EXPECT_TRUE(site->returns.empty());
  EXPECT_TRUE(site->returns_refused.empty());
}

TEST_P(ReturnFinderTest, AStubGivesWayToTheFunctionItJumpsTo) {
  EXPECT_EQ(find_site(report_, Function::kGnutlsRecordSend), nullptr);
  expect_labelled(Function::kGnutlsRecordSend2, "gnutls_record_send2");
}

TEST_P(ReturnFinderTest, DoesNotRunIntoTheFunctionBehindANoreturnCall) {
  expect_labelled(Function::kGnutlsRecordRecv, "gnutls_record_recv");
}

INSTANTIATE_TEST_SUITE_P(Machines, ReturnFinderTest,
                         testing::Combine(testing::Values("x86_64", "aarch64"),
                                          testing::Values("", ".stripped")),
                         [](const auto& param_info) {
                           return std::get<0>(param_info.param) +
                                  (std::get<1>(param_info.param).empty() ? "" : "_stripped");
                         });

}  // namespace
}  // namespace sonde::attach
