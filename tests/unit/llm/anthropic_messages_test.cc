#include "agent/llm/dialects/anthropic_messages.h"

#include <gtest/gtest.h>

#include "tests/unit/llm/harness.h"

namespace sonde::llm::test {
namespace {

constexpr const char* kRequest = R"({"model":"claude-x","max_tokens":10,"metadata":{"user_id":"u"},
  "system":[{"type":"text","text":"Be kind."}],
  "messages":[{"role":"user","content":"Weather?"},
    {"role":"assistant","content":[{"type":"thinking","thinking":"Ask.","signature":"s"},
      {"type":"text","text":"Looking."},
      {"type":"tool_use","id":"t1","name":"weather","input":{"city":"Bern"}}]},
    {"role":"user","content":[
      {"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"Sunny"},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aGVsbG8="}}]},
      {"type":"text","text":"And now?"}]}],
  "tools":[{"name":"weather","description":"Tells.","input_schema":{"type":"object"}}]})";

std::string event(const std::string& type, const std::string& rest) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + rest + "}\n\n";
}

std::string stream() {
  return event("message_start",
               R"(,"message":{"id":"msg_1","role":"assistant","model":"claude-x-1","content":[],)"
               R"("usage":{"input_tokens":9,"output_tokens":1}})") +
         event("content_block_start",
               R"(,"index":0,"content_block":{"type":"thinking","thinking":""})") +
         event("content_block_delta",
               R"(,"index":0,"delta":{"type":"thinking_delta","thinking":"Let me"})") +
         event("content_block_delta",
               R"(,"index":0,"delta":{"type":"signature_delta","signature":"xx"})") +
         event("content_block_stop", R"(,"index":0)") + event("ping", "") +
         event("content_block_start", R"(,"index":1,"content_block":{"type":"text","text":""})") +
         event("content_block_delta", R"(,"index":1,"delta":{"type":"text_delta","text":"Hé"})") +
         event("content_block_delta", R"(,"index":1,"delta":{"type":"text_delta","text":"llo"})") +
         event("content_block_start",
               R"(,"index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}})") +
         event("content_block_delta",
               R"(,"index":2,"delta":{"type":"input_json_delta","partial_json":""})") +
         event("content_block_delta",
               R"(,"index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\""})") +
         event("content_block_delta",
               R"(,"index":2,"delta":{"type":"input_json_delta","partial_json":":2}"})") +
         event("message_delta",
               R"(,"delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":12})") +
         event("message_stop", "");
}

Script script(std::string request, std::string response) {
  Script made;
  made.host = "api.anthropic.com";
  made.target = "/v1/messages";
  made.request = std::move(request);
  made.response = std::move(response);
  return made;
}

TEST(AnthropicMessagesTest, ToolResultsInAUserMessageAreTheToolsWords) {
  const Exchange exchange = run(script(kRequest, "{}"));
  EXPECT_EQ(summary(exchange.input),
            "user/user: text(Weather?)\n"
            "assistant/assistant: reasoning(Ask.) text(Looking.) "
            "tool_call(t1,weather,{\"city\":\"Bern\"})\n"
            "tool/tool: tool_call_response(t1,Sunny) blob(image/png,5)\n"
            "user/user: text(And now?)\n");
  ASSERT_EQ(exchange.system_instructions.size(), 1U);
  EXPECT_EQ(exchange.system_instructions[0].content, "Be kind.");
  EXPECT_EQ(exchange.system_instructions[0].json_path, "$.system[0].text");
  EXPECT_EQ(exchange.input[2].parts[0].json_path, "$.messages[2].content[0].content[0].text");
  EXPECT_EQ(exchange.user.end_user_id, "u");
  ASSERT_EQ(exchange.tools.size(), 1U);
  EXPECT_EQ(exchange.tools[0].parameters, R"({"type":"object"})");
  EXPECT_EQ(exchange.provider, "anthropic");
}

TEST(AnthropicMessagesTest, AnswerHasBlocksUsageAndStopReason) {
  const Exchange exchange =
      run(script(kRequest, R"({"id":"msg","type":"message","role":"assistant","model":"claude-x-1",
        "content":[{"type":"text","text":"Hi"},{"type":"tool_use","id":"t","name":"f",
        "input":{"a": 2}}],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}})"));
  EXPECT_EQ(summary(exchange.output),
            "assistant/assistant: text(Hi) tool_call(t,f,{\"a\":2}) -> tool_use\n");
  EXPECT_EQ(exchange.response_model, "claude-x-1");
  EXPECT_EQ(exchange.input_tokens, 3U);
  EXPECT_EQ(exchange.output_tokens, 4U);
  EXPECT_TRUE(exchange.capture.complete);
}

TEST(AnthropicMessagesTest, StreamIsAssembledTheSameAtEverySplit) {
  const std::string body = stream();
  for (size_t split = 0; split <= body.size(); ++split) {
    Script made = script(kRequest, body);
    made.response_type = "text/event-stream";
    made.split = split;
    const Exchange exchange = run(made);
    ASSERT_EQ(summary(exchange.output),
              "assistant/assistant: reasoning(Let me) text(Héllo) tool_call(t,f,{\"a\":2}) "
              "-> tool_use\n")
        << "split at " << split;
    ASSERT_EQ(exchange.input_tokens, 9U);
    ASSERT_EQ(exchange.output_tokens, 12U);
    ASSERT_TRUE(exchange.capture.complete);
  }
}

TEST(AnthropicMessagesTest, ErrorIsNamedByItsType) {
  Script made = script(
      kRequest, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
  made.status = 529;
  const Exchange exchange = run(made);
  EXPECT_EQ(exchange.error, "overloaded_error");
  EXPECT_TRUE(exchange.output.empty());
}

TEST(AnthropicMessagesTest, ErrorInTheMiddleOfAStreamKeepsWhatWasSaid) {
  Script made = script(kRequest, event("content_block_delta",
                                       R"(,"index":0,"delta":{"type":"text_delta","text":"Hi"})") +
                                     event("error", R"(,"error":{"type":"overloaded_error"})"));
  made.response_type = "text/event-stream";
  const Exchange exchange = run(made);
  EXPECT_EQ(exchange.error, "overloaded_error");
  EXPECT_EQ(summary(exchange.output), "assistant/assistant: text(Hi)\n");
}

}  // namespace
}  // namespace sonde::llm::test
