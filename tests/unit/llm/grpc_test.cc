// Gemini and Vertex AI over gRPC: the bytes of their messages, made here by field number.
#include <bit>

#include <gtest/gtest.h>

#include "agent/llm/protobuf_json.h"
#include "tests/support/splits.h"
#include "tests/unit/llm/harness.h"

namespace sonde::llm::test {
namespace {

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string field(uint32_t number, std::string_view content) {
  return varint(number << 3 | 2) + varint(content.size()) + std::string(content);
}
std::string field(uint32_t number, uint64_t value) { return varint(number << 3) + varint(value); }
std::string number_value(double value) {
  std::string out = varint(2 << 3 | 1);
  for (int i = 0; i < 8; ++i) out += static_cast<char>(std::bit_cast<uint64_t>(value) >> (8 * i));
  return out;
}
std::string entry(std::string_view key, const std::string& value) {
  return field(1, field(1, key) + field(2, value));
}
std::string framed(const std::string& message) {
  std::string out(1, '\0');
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(message.size() >> shift);
  return out + message;
}

// {"city": "Zürich", "days": 3, "deep": [true, null]}
std::string arguments() {
  const std::string list = field(1, field(4, 1)) + field(1, field(1, uint64_t{0}));
  return entry("city", field(3, "Zürich")) + entry("days", number_value(3)) +
         entry("deep", field(6, list));
}

Script gemini(const std::string& method) {
  const auto content = [](std::string_view role, const std::string& part) {
    return field(1, part) + field(2, role);
  };
  const auto answer = [&](const std::string& part, uint64_t finish) {
    const std::string reason = finish != 0 ? field(2, finish) : "";
    return framed(field(1, field(1, content("model", part)) + reason) +
                  field(3, field(1, uint64_t{5}) + field(2, uint64_t{7})) +
                  field(4, "gemini-2.5-flash-001"));
  };
  const std::string request =
      field(1, "models/gemini-2.5-flash") + field(8, field(1, field(2, "Be brief."))) +
      field(5, field(1, field(1, "get_weather") + field(2, "Weather"))) +
      field(2, content("user", field(2, "Snow in \"Zürich\"?\n"))) +
      field(2, content("model", field(4, field(1, "get_weather") + field(2, arguments())))) +
      field(2, content("user", field(5, field(1, "get_weather") +
                                            field(2, entry("sky", field(3, "snow ❄"))))));
  Script script;
  script.host = "generativelanguage.googleapis.com";
  script.target = "/google.ai.generativelanguage.v1beta.GenerativeService/" + method;
  script.request_type = script.response_type = "application/grpc";
  script.request = framed(request);
  script.response = answer(field(2, "It "), 0) + answer(field(2, "snows."), 0) +
                    answer(field(4, field(1, "note") + field(2, arguments())), 1);
  return script;
}

TEST(GrpcTest, GeminiIsReadAsOverHttpAtEverySplit) {
  const Script script = gemini("StreamGenerateContent");
  sonde::test::for_each_split(script.response, [&](const sonde::test::Parts& parts) {
    Player player;
    player.request(script);
    player.response_in_parts(script, parts);
    ASSERT_EQ(player.exchanges.size(), 1U);
    const Exchange& exchange = player.exchanges[0];
    EXPECT_EQ(exchange.provider, "gcp.gemini");
    EXPECT_EQ(exchange.request_model, "gemini-2.5-flash");
    EXPECT_EQ(exchange.response_model, "gemini-2.5-flash-001");
    EXPECT_EQ(exchange.system_instructions.at(0).content, "Be brief.");
    EXPECT_EQ(exchange.tools.at(0).name, "get_weather");
    EXPECT_EQ(exchange.input_tokens, 5U);
    EXPECT_EQ(exchange.output_tokens, 7U);
    EXPECT_TRUE(exchange.stream);
    EXPECT_TRUE(exchange.capture.complete);
    EXPECT_EQ(summary(exchange.input),
              "user/user: text(Snow in \"Zürich\"?\n)\n"
              "assistant/assistant: "
              "tool_call(,get_weather,{\"city\":\"Zürich\",\"days\":3,\"deep\":[true,null]})"
              "\n"
              "tool/tool: tool_call_response(,{\"sky\":\"snow ❄\"})\n");
    EXPECT_EQ(summary(exchange.output),
              "assistant/assistant: text(It snows.) "
              "tool_call(,note,{\"city\":\"Zürich\",\"days\":3,\"deep\":[true,null]}) -> STOP\n");
  });
}

TEST(GrpcTest, CutAnswersInventNothingAndAreIncomplete) {
  const Script whole = gemini("StreamGenerateContent");
  sonde::test::for_each_truncation(whole.response, [&](std::string_view part) {
    Script cut = whole;
    cut.response = part;
    cut.response_end = http::End::kTruncated;
    const Exchange exchange = run(cut);
    EXPECT_FALSE(exchange.capture.complete);
    for (const Message& message : exchange.output) {
      for (const Part& piece : message.parts) {
        EXPECT_TRUE(piece.content.empty() || piece.content == "It " ||
                    piece.content == "It snows.");
      }
    }
  });
}

TEST(GrpcTest, VertexHasNumbersOfItsOwn) {
  Script script;
  script.host = "us-central1-aiplatform.googleapis.com";
  script.target = "/google.cloud.aiplatform.v1beta1.PredictionService/GenerateContent";
  script.request_type = script.response_type = "application/grpc+proto";
  script.request =
      framed(field(5, "projects/p/locations/l/publishers/google/models/gemini-2.5-pro") +
             field(2, field(1, "user") + field(2, field(1, "Snow?"))));
  script.response = framed(
      field(2,
            field(2, field(1, "model") + field(2, field(1, "Yes."))) + field(3, uint64_t{2}) +
                field(4, field(1, uint64_t{2}) + field(2, uint64_t{3}) + field(3, uint64_t{1}))) +
      field(4, field(1, uint64_t{2}) + field(2, uint64_t{1})));
  const Exchange exchange = run(script);
  EXPECT_EQ(exchange.provider, "gcp.vertex_ai");
  EXPECT_EQ(exchange.request_model, "gemini-2.5-pro");
  EXPECT_FALSE(exchange.stream);
  EXPECT_TRUE(exchange.capture.complete);
  EXPECT_EQ(summary(exchange.input), "user/user: text(Snow?)\n");
  EXPECT_EQ(summary(exchange.output), "assistant/assistant: text(Yes.) -> MAX_TOKENS\n");
  ASSERT_EQ(exchange.verdicts.size(), 1U);
  EXPECT_EQ(exchange.verdicts[0].name, "dangerous_content");
}

TEST(GrpcTest, MethodsThatAreNotKnownAreLetGo) {
  Script script = gemini("GenerateContent");
  script.target = "/grpc.health.v1.Health/Check";
  Player player;
  player.play(script);
  EXPECT_TRUE(player.exchanges.empty());
}

TEST(ProtobufJsonTest, MalformedOrTooDeepIsNothing) {
  static constexpr ProtoField kFields[] = {{1, "any", ProtoKind::kStruct}};
  static constexpr ProtoMessage kMessage{kFields};
  std::string deep = field(3, "x");
  for (int i = 0; i < 100; ++i) deep = field(5, entry("k", deep));
  EXPECT_EQ(protobuf_as_json(as_bytes(field(1, entry("k", deep))), kMessage, 64), std::nullopt);
  for (const std::string& text :
       {std::string("\n"), std::string("\n\5a"), std::string(11, '\xff'), std::string("\13")}) {
    EXPECT_EQ(protobuf_as_json(as_bytes(text), kMessage, 64), std::nullopt);
  }
  EXPECT_EQ(protobuf_as_json({}, kMessage, 64), "{}");
}

}  // namespace
}  // namespace sonde::llm::test
