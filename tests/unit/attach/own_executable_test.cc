#include <gtest/gtest.h>

#include "agent/attach/locator.h"

namespace sonde::attach {
namespace {

// This program holds all locators, as `sonde` does.
TEST(OwnExecutableTest, IsTakenForNoTlsStack) {
  const auto report = locate("/proc/self/exe");
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_TRUE(report->targets.empty());
  for (const Refusal& refusal : report->refusals) ADD_FAILURE() << refusal.reason;
  EXPECT_NE(report->nothing_found.find("libc.so.6"), std::string::npos) << report->nothing_found;
}

}  // namespace
}  // namespace sonde::attach
