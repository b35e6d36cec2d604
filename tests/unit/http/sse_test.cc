#include "agent/http/sse.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/splits.h"

namespace sonde::http {
namespace {

std::string shown(const std::vector<SseEvent>& events) {
  std::string text;
  for (const SseEvent& event : events) {
    text += "[" + event.event + "|" + event.data + "|" + event.id + "]";
  }
  return text;
}

std::string parse(const sonde::test::Parts& parts, bool finish = false) {
  const Limits limits;
  SseParser parser(limits);
  std::vector<SseEvent> events;
  for (const auto part : parts) parser.consume(as_bytes(part), events);
  if (finish) parser.finish(events);
  return shown(events);
}

TEST(SseParserTest, EverySplitOfEveryLineEndGivesTheSameEvents) {
  const std::string stream =
      "\xef\xbb\xbf: comment\ndata: one\r\ndata:two\r\n\r\nevent: delta\rdata:  three\r\rid: 7\n"
      "data\n\nid: no\n\ndata: last\nretry: 3\nunknown: x\n\n";
  sonde::test::for_each_split(stream, [](const sonde::test::Parts& parts) {
    EXPECT_EQ(parse(parts), "[message|one\ntwo|][delta| three|][message||7][message|last|no]");
  });
}

TEST(SseParserTest, EveryTruncationIsAPrefixOfTheEvents) {
  const std::string stream = "event: a\ndata: 1\n\ndata: 2\n\n";
  sonde::test::for_each_truncation(stream, [](std::string_view prefix) {
    EXPECT_TRUE(std::string_view("[a|1|][message|2|]").starts_with(parse({prefix})));
  });
}

TEST(SseParserTest, StreamThatEndsWithoutEmptyLineStillGivesItsLastEvent) {
  EXPECT_EQ(parse({"data: [DONE]\n"}, true), "[message|[DONE]|]");
  EXPECT_EQ(parse({"data: [DONE]"}, true), "[message|[DONE]|]");
  EXPECT_EQ(parse({"event: x\n"}, true), "");
}

TEST(SseParserTest, EventAboveTheLimitIsLeftOutAndTheNextIsHeard) {
  Limits limits;
  limits.sse_event_bytes = 16;
  SseParser parser(limits);
  std::vector<SseEvent> events;
  const std::string big = "data: 1234567890\ndata: 1234567890\n\ndata: ok\n\n";
  EXPECT_EQ(parser.consume(as_bytes(big), events), Progress::kInvalid);
  EXPECT_EQ(shown(events), "[message|ok|]");
  events.clear();
  EXPECT_EQ(parser.consume(as_bytes("data: " + std::string(40, 'x')), events), Progress::kInvalid);
  EXPECT_EQ(parser.consume(as_bytes("yyy\n\ndata: ok\n\n"), events), Progress::kMessage);
  EXPECT_EQ(shown(events), "[message|ok|]");
}

TEST(SseParserTest, GapDropsTheEventItTouchesAndNoOther) {
  const Limits limits;
  SseParser parser(limits);
  std::vector<SseEvent> events;
  parser.consume(as_bytes("data: a\n\ndata: b"), events);
  parser.gap();
  parser.consume(as_bytes("rest\n\ndata: c\n\n"), events);
  EXPECT_EQ(shown(events), "[message|a|][message|c|]");
}

}  // namespace
}  // namespace sonde::http
