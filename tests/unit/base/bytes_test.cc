#include "agent/base/bytes.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

using namespace std::string_view_literals;

TEST(ByteReaderTest, ReadsBothByteOrders) {
  ByteReader reader(as_bytes("\x01\x02\x03\x04\x05\x06\x07"sv));
  EXPECT_EQ(reader.u16_be(), 0x0102);
  EXPECT_EQ(reader.u16_le(), 0x0403);
  EXPECT_EQ(reader.u24_be(), 0x050607u);
  EXPECT_TRUE(reader.empty());
}

TEST(ByteReaderTest, AShortReadConsumesNothing) {
  ByteReader reader(as_bytes("\x01\x02\x03"sv));
  EXPECT_FALSE(reader.u32_be().has_value());
  EXPECT_FALSE(reader.bytes(4).has_value());
  EXPECT_EQ(reader.remaining(), 3u);
}

}  // namespace
}  // namespace sonde
