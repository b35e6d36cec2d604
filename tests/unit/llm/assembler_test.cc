#include "agent/llm/assembler.h"

#include <gtest/gtest.h>

#include "tests/unit/llm/harness.h"

namespace sonde::llm::test {
namespace {

constexpr const char* kChat = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
constexpr const char* kReply =
    R"({"object":"chat.completion","choices":[{"index":0,"message":{"content":"yo"}}]})";

TEST(AssemblerTest, ExchangeCarriesHttpFactsAndTimes) {
  const Exchange exchange = run({.host = "gateway.example:443",
                                 .target = "/x/chat/completions?a=b",
                                 .request = kChat,
                                 .response = kReply});
  EXPECT_EQ(exchange.network.host, "gateway.example");
  EXPECT_EQ(exchange.http.path, "/x/chat/completions?a=b");
  EXPECT_EQ(exchange.http.method, "POST");
  EXPECT_EQ(exchange.http.version, "1.1");
  EXPECT_EQ(exchange.http.user_agent, "test/1");
  EXPECT_EQ(exchange.http.request_body_bytes, std::string(kChat).size());
  EXPECT_EQ(exchange.http.response_body_bytes, std::string(kReply).size());
  EXPECT_DOUBLE_EQ(exchange.duration_ms, 250);
  EXPECT_EQ(exchange.provider, "openai");
}

TEST(AssemblerTest, UnknownPathIsRecognisedByTheShapeOfTheBody) {
  const Exchange exchange =
      run({.host = "llm.internal", .target = "/ask", .request = kChat, .response = kReply});
  EXPECT_EQ(exchange.operation, "chat");
  EXPECT_EQ(summary(exchange.output), "assistant/assistant: text(yo)\n");
}

TEST(AssemblerTest, OtherTrafficIsIgnoredAndCountedOnce) {
  Player player;
  player.play({.host = "shop", .target = "/cart", .request = R"({"item":1})", .response = "{}"}, 1);
  player.play({.host = "shop", .target = "/", .response = "<html>", .method = "GET"}, 2);
  player.play({.host = "shop", .target = "/up", .request = "PNG", .response = "ok"}, 3);
  EXPECT_TRUE(player.exchanges.empty());
  EXPECT_EQ(player.count(Count::kExchangesIgnored), 3U);
  EXPECT_EQ(player.count(Count::kExchangesSeen), 0U);
}

TEST(AssemblerTest, AnswerThatOvertakesItsRequestIsKept) {
  Player player;
  const Script script{.request = kChat, .response = kReply};
  player.request_head(script);
  player.assembler().on_request_body(1, as_bytes(std::string_view(kChat).substr(0, 9)));
  player.response(script);
  EXPECT_TRUE(player.exchanges.empty());
  player.assembler().on_request_body(1, as_bytes(std::string_view(kChat).substr(9)));
  player.assembler().on_request_end(1, http::End::kComplete);
  ASSERT_EQ(player.exchanges.size(), 1U);
  EXPECT_EQ(summary(player.exchanges[0].output), "assistant/assistant: text(yo)\n");
  EXPECT_TRUE(player.exchanges[0].capture.complete);
}

TEST(AssemblerTest, AnswerWithoutItsRequestIsReportedAsJoinedLate) {
  Player player;
  player.response({.response = kReply});
  ASSERT_EQ(player.exchanges.size(), 1U);
  EXPECT_TRUE(player.exchanges[0].capture.joined_late);
  EXPECT_FALSE(player.exchanges[0].capture.complete);
  EXPECT_EQ(summary(player.exchanges[0].output), "assistant/assistant: text(yo)\n");
}

TEST(AssemblerTest, GapInAStreamCostsOnlyTheEventItTouches) {
  Player player;
  Script script{.request = kChat, .response_type = "text/event-stream"};
  player.request_head(script);
  player.assembler().on_request_body(1, as_bytes(script.request));
  player.assembler().on_request_end(1, http::End::kComplete);
  http::Head head;
  head.fields = {{"content-type", "text/event-stream"}};
  player.assembler().on_response_head(1, head);
  const auto say = [&](std::string_view text) {
    player.assembler().on_response_body(1, as_bytes(text));
  };
  say("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A\"}}]}\n\ndata: {\"choi");
  player.assembler().on_response_gap(1, 40);
  say("\":\"lost\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"C\"}}]}\n\n");
  player.assembler().on_response_end(1, http::End::kComplete);
  ASSERT_EQ(player.exchanges.size(), 1U);
  EXPECT_EQ(summary(player.exchanges[0].output), "assistant/assistant: text(AC)\n");
  EXPECT_EQ(player.exchanges[0].capture.lost_bytes, 40U);
  EXPECT_FALSE(player.exchanges[0].capture.complete);
}

TEST(AssemblerTest, FinishReportsWhatIsInFlightAsIncomplete) {
  Player player;
  const Script script{.request = kChat};
  player.request_head(script);
  player.assembler().on_request_body(1, as_bytes(script.request));
  player.assembler().on_request_end(1, http::End::kComplete);
  player.assembler().finish();
  ASSERT_EQ(player.exchanges.size(), 1U);
  EXPECT_FALSE(player.exchanges[0].capture.complete);
  EXPECT_EQ(player.count(Count::kExchangesIncomplete), 1U);
}

TEST(AssemblerTest, BodyAboveTheLimitIsCutAndMarked) {
  Script script{.request = kChat, .response = kReply};
  script.limits.body_bytes = 70;
  const Exchange exchange = run(script);
  EXPECT_FALSE(exchange.capture.complete);
  EXPECT_EQ(exchange.http.response_body_bytes, script.response.size());
}

TEST(AssemblerTest, MoreMessagesThanAllowedAreLeftOutAndCounted) {
  std::string body = R"({"model":"m","messages":[{"role":"user","content":"a"})";
  for (int i = 0; i < 10; ++i) body += R"(,{"role":"user","content":"b"})";
  body += "]}";
  Limits limits;
  limits.messages = 4;
  Player player(limits);
  player.play({.request = body, .response = kReply});
  ASSERT_EQ(player.exchanges.size(), 1U);
  EXPECT_EQ(player.exchanges[0].input.size(), 4U);
  EXPECT_FALSE(player.exchanges[0].capture.complete);
  EXPECT_EQ(player.count(Count::kTextTruncated), 1U);
}

TEST(AssemblerTest, JsonNestedTooDeepIsReadUpToTheLimitAndCounted) {
  Player player;
  player.play({.request = R"({"model":"m","messages":[{"role":"user","content":"hi"},)" +
                          std::string(100'000, '['),
               .response = kReply});
  EXPECT_EQ(player.count(Count::kJsonRepaired), 1U);
  ASSERT_EQ(player.exchanges.size(), 1U);
  EXPECT_EQ(player.exchanges[0].input.front().parts.front().content, "hi");
}

}  // namespace
}  // namespace sonde::llm::test
