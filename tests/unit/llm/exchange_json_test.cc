#include "agent/llm/exchange_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sonde::llm {
namespace {

Exchange sample() {
  Exchange exchange;
  exchange.id = "x1";
  exchange.start_time = wall_time(1'700'000'000'123'456'000);
  exchange.http.path = "/v1/chat/completions?x=1";
  exchange.operation = "chat";
  exchange.request_model = "m";
  exchange.finish_reasons = {"stop"};
  exchange.input_tokens = 0;
  Message message{.role = "assistant", .zone = Zone::kAssistant};
  message.parts.push_back({.type = PartType::kText,
                           .content = "a\xff"
                                      "b"});
  message.parts.push_back(
      {.type = PartType::kToolCall, .id = "1", .name = "f", .arguments = R"({"b":1,"a":[2]})"});
  message.parts.push_back({.type = PartType::kToolCall, .name = "g", .arguments = "{\"cut"});
  message.finish_reason = "stop";
  exchange.output.push_back(message);
  return exchange;
}

TEST(ExchangeJsonTest, KeysAreFlatAndAbsentValuesAreLeftOut) {
  const auto json = nlohmann::json::parse(exchange_json(sample(), nullptr));
  EXPECT_EQ(json["schema"], "sonde.exchange/1");
  EXPECT_EQ(json["start_time"], "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(json["gen_ai.operation.name"], "chat");
  EXPECT_EQ(json["gen_ai.request.model"], "m");
  EXPECT_EQ(json["http"]["path"], "/v1/chat/completions?x=1");
  EXPECT_EQ(json["gen_ai.usage.input_tokens"], 0);
  for (const char* key : {"gen_ai.usage.output_tokens", "container", "k8s", "findings",
                          "gen_ai.conversation.id", "provider_verdicts", "user_context"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
}

TEST(ExchangeJsonTest, CaptureAlwaysHasAllItsKeys) {
  const auto json = nlohmann::json::parse(exchange_json(Exchange{}, nullptr));
  for (const char* key : {"tls", "located_by", "side", "lost_bytes", "joined_late", "complete"}) {
    EXPECT_TRUE(json["capture"].contains(key)) << key;
  }
}

TEST(ExchangeJsonTest, ArgumentsAreAnObjectWhereTheyAreOneElseTheirText) {
  const auto json = nlohmann::json::parse(exchange_json(sample(), nullptr));
  const auto& parts = json["gen_ai.output.messages"][0]["parts"];
  EXPECT_EQ(parts[1]["arguments"], nlohmann::json::parse(R"({"a":[2],"b":1})"));
  EXPECT_EQ(parts[2]["arguments"], "{\"cut");
}

TEST(ExchangeJsonTest, DeeplyNestedArgumentsStayText) {
  Exchange exchange = sample();
  exchange.output[0].parts[1].arguments =
      "{\"a\":" + std::string(5000, '[') + std::string(5000, ']') + "}";
  const auto json = nlohmann::json::parse(exchange_json(exchange, nullptr));
  EXPECT_TRUE(json["gen_ai.output.messages"][0]["parts"][1]["arguments"].is_string());
}

TEST(ExchangeJsonTest, InvalidUtf8IsReplaced) {
  const auto json = nlohmann::json::parse(exchange_json(sample(), nullptr));
  EXPECT_EQ(json["gen_ai.output.messages"][0]["parts"][0]["content"],
            "a\xef\xbf\xbd"
            "b");
}

TEST(ExchangeJsonTest, FindingsAreWrittenWhenAsked) {
  const nlohmann::json findings = nlohmann::json::array({{{"alert", "x"}}});
  const auto json = nlohmann::json::parse(exchange_json(sample(), &findings));
  EXPECT_EQ(json["findings"], findings);
}

}  // namespace
}  // namespace sonde::llm
