#include "agent/conn/stream.h"

#include <gtest/gtest.h>

namespace sonde::conn {
namespace {

TEST(StreamTest, PiecesInOrderPassWhole) {
  Counters counters;
  Stream stream(counters);
  EXPECT_EQ(as_text(stream.advance(0, as_bytes("abc"), 3).bytes), "abc");
  const auto step = stream.advance(3, as_bytes("de"), 2);
  EXPECT_EQ(as_text(step.bytes), "de");
  EXPECT_EQ(step.lost + step.lost_after, 0u);
  EXPECT_EQ(counters.value(Count::kStreamGaps), 0u);
}

TEST(StreamTest, AJumpInPositionIsAGapOfThatSize) {
  Counters counters;
  Stream stream(counters);
  stream.advance(0, as_bytes("abc"), 3);
  const auto step = stream.advance(10, as_bytes("k"), 1);
  EXPECT_EQ(step.lost, 7u);
  EXPECT_EQ(as_text(step.bytes), "k");
  EXPECT_EQ(counters.value(Count::kStreamBytesLost), 7u);
}

TEST(StreamTest, APieceThatCouldNotBeCopiedIsAGapBehindIt) {
  Counters counters;
  Stream stream(counters);
  const auto step = stream.advance(0, {}, 100);
  EXPECT_EQ(step.lost_after, 100u);
  EXPECT_EQ(stream.position(), 100u);
}

TEST(StreamTest, ARepeatedPieceIsCountedAndIgnored) {
  Counters counters;
  Stream stream(counters);
  stream.advance(0, as_bytes("abcd"), 4);
  const auto step = stream.advance(2, as_bytes("cdef"), 4);
  EXPECT_EQ(as_text(step.bytes), "ef");
  EXPECT_EQ(stream.position(), 6u);
  EXPECT_EQ(counters.value(Count::kStreamBytesDuplicate), 2u);
  EXPECT_TRUE(stream.advance(0, as_bytes("ab"), 2).bytes.empty());
}

}  // namespace
}  // namespace sonde::conn
