#include "agent/llm/event_stream.h"

#include <gtest/gtest.h>

#include "tests/support/splits.h"
#include "tests/unit/llm/samples.h"

namespace sonde::llm::test {
namespace {

std::vector<std::string> read(const sonde::test::Parts& parts, const Limits& limits = {}) {
  EventStreamParser parser(limits);
  std::vector<EventStreamMessage> messages;
  for (const std::string_view part : parts) parser.consume(as_bytes(part), messages);
  std::vector<std::string> out;
  for (const EventStreamMessage& message : messages) {
    out.push_back(message.type + "=" + message.payload);
  }
  return out;
}

TEST(EventStreamTest, MessagesAreTheSameAtEverySplit) {
  const std::string bytes = event_stream_message("a", "one") + event_stream_message("b", "");
  const std::vector<std::string> expected = {"a=one", "b="};
  sonde::test::for_each_split(
      bytes, [&](const sonde::test::Parts& parts) { EXPECT_EQ(read(parts), expected); });
}

TEST(EventStreamTest, GarbageIsSkippedToTheNextMessage) {
  const std::string good = event_stream_message("a", "one");
  EXPECT_EQ(read({"garbage in front", good}), std::vector<std::string>{"a=one"});
  std::string bad = event_stream_message("x", "two");
  bad[bad.size() - 6] ^= 1;
  EXPECT_EQ(read({bad, good}), std::vector<std::string>{"a=one"});
}

TEST(EventStreamTest, TruncationInventsNothing) {
  const std::string bytes = event_stream_message("a", "one");
  sonde::test::for_each_truncation(bytes, [&](std::string_view part) {
    EXPECT_EQ(read({part}).size(), part.size() == bytes.size() ? 1U : 0U);
  });
}

TEST(EventStreamTest, MessagesAboveTheLimitAreSkipped) {
  Limits limits;
  limits.sse_event_bytes = 100;
  const std::string big = event_stream_message("x", std::string(200, 'x'));
  EXPECT_EQ(read({big, event_stream_message("a", "one")}, limits),
            std::vector<std::string>{"a=one"});
}

}  // namespace
}  // namespace sonde::llm::test
