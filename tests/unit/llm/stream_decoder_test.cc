#include "agent/llm/stream_decoder.h"

#include <vector>

#include <gtest/gtest.h>

namespace sonde::llm {
namespace {

std::vector<std::string> decode(StreamFormat format, std::string_view bytes, size_t split,
                                size_t limit = 1000) {
  std::vector<std::string> events;
  Limits limits;
  limits.sse_event_bytes = limit;
  StreamDecoder decoder(format, limits, [&](std::string_view name, const std::string& data) {
    events.push_back(std::string(name) + "=" + data);
  });
  decoder.consume(bytes.substr(0, split));
  decoder.consume(bytes.substr(split));
  decoder.finish();
  return events;
}

TEST(StreamDecoderTest, EventsAreTheSameAtEverySplitWithEveryLineEnd) {
  for (const std::string& end : {std::string("\n"), std::string("\r\n"), std::string("\r")}) {
    const std::string bytes = ": hello" + end + end + "event: a" + end + "data: 1" + end +
                              "data:2" + end + end + "id: 7" + end + "data: 3" + end + end;
    for (size_t split = 0; split <= bytes.size(); ++split) {
      EXPECT_EQ(decode(StreamFormat::kServerSentEvents, bytes, split),
                (std::vector<std::string>{"a=1\n2", "=3"}));
    }
  }
}

TEST(StreamDecoderTest, JsonLinesAreTheSameAtEverySplit) {
  const std::string bytes = "{\"a\":1}\r\n\n{\"b\":2}";
  for (size_t split = 0; split <= bytes.size(); ++split) {
    EXPECT_EQ(decode(StreamFormat::kJsonLines, bytes, split),
              (std::vector<std::string>{"={\"a\":1}", "={\"b\":2}"}));
  }
}

TEST(StreamDecoderTest, EventAboveTheLimitIsDroppedAndTheNextIsHeard) {
  EXPECT_EQ(decode(StreamFormat::kServerSentEvents,
                   "data: " + std::string(50, 'x') + "\n\ndata: y\n\n", 3, 20),
            (std::vector<std::string>{"=y"}));
}

}  // namespace
}  // namespace sonde::llm
