#include <gtest/gtest.h>

#include "tests/unit/llm/harness.h"

namespace sonde::llm::test {
namespace {

// A WebSocket with a session's messages in order: '>' from the client, '<' from the server.
std::vector<Exchange> play(const std::string& target, const std::vector<std::string>& messages,
                           const std::string& host = "api.openai.com") {
  Player player;
  Script script;
  script.host = host;
  script.target = target;
  script.method = "GET";
  script.fields = {{"upgrade", "websocket"}};
  script.status = 101;
  player.request_head(script);
  player.response_head(script);
  for (const std::string& message : messages) {
    const Bytes bytes = as_bytes(message).subspan(1);
    message[0] == '>' ? player.assembler().on_request_body(1, bytes)
                      : player.assembler().on_response_body(1, bytes);
  }
  player.assembler().on_request_end(1, http::End::kComplete);
  player.assembler().on_response_end(1, http::End::kComplete);
  return std::move(player.exchanges);
}

TEST(RealtimeTest, EachAnswerIsAnExchangeWithWhatWasSaidSinceTheOneBefore) {
  const auto exchanges = play(
      "/v1/realtime?model=gpt-realtime",
      {R"(<{"type":"session.created","session":{"id":"sess_1","model":"gpt-realtime","instructions":"old"}})",
       R"(>{"type":"session.update","session":{"instructions":"Be kind.","tools":[{"type":"function","name":"note","description":"d","parameters":{}}]}})",
       R"(>{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}})",
       R"(>{"type":"response.create"})", R"(<{"type":"response.created","response":{"id":"r1"}})",
       R"(<{"type":"response.output_text.delta","response_id":"r1","output_index":0,"content_index":0,"delta":"Hel"})",
       R"(<{"type":"response.output_text.delta","response_id":"r1","output_index":0,"content_index":0,"delta":"lo"})",
       R"(<{"type":"response.done","response":{"id":"r1","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]},{"type":"function_call","call_id":"c1","name":"note","arguments":"{}"}],"usage":{"input_tokens":3,"output_tokens":2}}})",
       R"(>{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"c1","output":"done"}})",
       R"(>{"type":"response.create","response":{"instructions":"Shorter."}})",
       R"(<{"type":"response.created","response":{"id":"r2"}})",
       R"(<{"type":"response.output_audio_transcript.delta","response_id":"r2","output_index":0,"content_index":0,"delta":"By"})",
       R"(<{"type":"response.output_audio_transcript.delta","response_id":"r2","output_index":0,"content_index":0,"delta":"e"})"});
  ASSERT_EQ(exchanges.size(), 2U);
  EXPECT_EQ(exchanges[0].conversation_id, "sess_1");
  EXPECT_EQ(exchanges[0].request_model, "gpt-realtime");
  EXPECT_EQ(exchanges[0].system_instructions.at(0).content, "Be kind.");
  EXPECT_EQ(exchanges[0].tools.at(0).name, "note");
  EXPECT_EQ(summary(exchanges[0].input), "user/user: text(Hi)\n");
  EXPECT_EQ(summary(exchanges[0].output),
            "assistant/assistant: text(Hello) tool_call(c1,note,{}) -> completed\n");
  EXPECT_EQ(exchanges[0].input_tokens, 3U);
  EXPECT_TRUE(exchanges[0].capture.complete);
  EXPECT_EQ(exchanges[0].http.version, "websocket");
  EXPECT_EQ(exchanges[1].system_instructions.at(0).content, "Shorter.");
  EXPECT_EQ(summary(exchanges[1].input), "tool/tool: tool_call_response(c1,done)\n");
  EXPECT_EQ(summary(exchanges[1].output), "assistant/assistant: text(Bye)\n");
  EXPECT_FALSE(exchanges[1].capture.complete);
}

TEST(RealtimeTest, ResponsesOverWebSocketAreWholeRequests) {
  const auto exchanges = play(
      "/v1/responses",
      {R"(>{"type":"response.create","model":"gpt-5","input":"Hi","previous_response_id":"r0"})",
       R"(<{"type":"response.created","response":{"id":"r1","model":"gpt-5-x","output":[]}})",
       R"(<{"type":"response.output_item.done","output_index":0,"item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]}})",
       R"(<{"type":"response.completed","response":{"id":"r1","status":"completed","model":"gpt-5-x","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]}],"usage":{"input_tokens":1,"output_tokens":1}}})"});
  ASSERT_EQ(exchanges.size(), 1U);
  EXPECT_EQ(exchanges[0].request_model, "gpt-5");
  EXPECT_EQ(exchanges[0].response_model, "gpt-5-x");
  EXPECT_EQ(exchanges[0].previous_response_id, "r0");
  EXPECT_EQ(summary(exchanges[0].input), "user/user: text(Hi)\n");
  EXPECT_EQ(summary(exchanges[0].output), "assistant/assistant: text(Hello) -> completed\n");
}

TEST(RealtimeTest, ErrorsEndTheTurn) {
  const auto exchanges =
      play("/v1/responses",
           {R"(>{"type":"response.create","model":"m","input":"Hi"})",
            R"(<{"type":"error","error":{"type":"invalid_request_error","message":"no"}})"});
  ASSERT_EQ(exchanges.size(), 1U);
  EXPECT_EQ(exchanges[0].error, "invalid_request_error");
  EXPECT_EQ(exchanges[0].error_message, "no");
}

TEST(GeminiLiveTest, TurnsAndToolCallsAreExchanges) {
  const auto exchanges = play(
      "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=secret",
      {R"(>{"setup":{"model":"models/gemini-live","systemInstruction":{"parts":[{"text":"Be kind."}]}}})",
       R"(<{"setupComplete":{}})",
       R"(>{"clientContent":{"turns":[{"role":"user","parts":[{"text":"Hi"}]}],"turnComplete":true}})",
       R"(<{"toolCall":{"functionCalls":[{"id":"f1","name":"note","args":{"t":1}}]}})",
       R"(>{"toolResponse":{"functionResponses":[{"id":"f1","name":"note","response":{"ok":true}}]}})",
       R"(<{"serverContent":{"modelTurn":{"parts":[{"text":"Hel"}]}}})",
       R"(<{"serverContent":{"modelTurn":{"parts":[{"text":"lo"}]}}})",
       R"(<{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":4,"responseTokenCount":2}})"},
      "generativelanguage.googleapis.com");
  ASSERT_EQ(exchanges.size(), 2U);
  EXPECT_EQ(exchanges[0].request_model, "gemini-live");
  EXPECT_EQ(exchanges[0].provider, "gcp.gemini");
  EXPECT_TRUE(exchanges[0].http.path.ends_with("key=secret"));
  EXPECT_EQ(summary(exchanges[0].input), "user/user: text(Hi)\n");
  EXPECT_EQ(summary(exchanges[0].output),
            "assistant/assistant: tool_call(f1,note,{\"t\":1}) -> tool_call\n");
  EXPECT_EQ(summary(exchanges[1].input), "tool/tool: tool_call_response(f1,{\"ok\":true})\n");
  EXPECT_EQ(summary(exchanges[1].output), "assistant/assistant: text(Hello) -> turn_complete\n");
  EXPECT_EQ(exchanges[1].output_tokens, 2U);
}

TEST(SocketTest, OtherSocketsAreLetGo) {
  std::vector<std::string> chatter(40, R"(>{"op":"subscribe","text":"prompt"})");
  EXPECT_TRUE(play("/stream", chatter, "ws.example.com").empty());
}

}  // namespace
}  // namespace sonde::llm::test
