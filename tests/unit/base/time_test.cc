#include "agent/base/time.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(TimeTest, Rfc3339HasSixDecimalsAndZ) {
  EXPECT_EQ(format_rfc3339(wall_time(1795417200123456789ull)), "2026-11-23T07:00:00.123456Z");
}

}  // namespace
}  // namespace sonde
