#include "agent/llm/dialects/openai_chat.h"

#include <gtest/gtest.h>

#include "tests/unit/llm/harness.h"

namespace sonde::llm::test {
namespace {

constexpr const char* kRequest = R"({"model":"gpt-4o","user":"u-1","messages":[
  {"role":"system","content":"Be brief."},
  {"role":"developer","content":[{"type":"text","text":"No jokes."}]},
  {"role":"user","content":[{"type":"text","text":"What is this?"},
    {"type":"image_url","image_url":{"url":"data:image/png;base64,aGVsbG8="}}]},
  {"role":"assistant","content":null,"tool_calls":[
    {"id":"call_1","type":"function","function":{"name":"look","arguments":"{\"x\":1}"}}]},
  {"role":"tool","tool_call_id":"call_1","content":"a cat"}],
  "tools":[{"type":"function","function":{"name":"look","description":"Looks.",
    "parameters":{"type":"object"}}}]})";

constexpr const char* kAnswer = R"({"id":"chatcmpl-1","object":"chat.completion",
  "model":"gpt-4o-2024-08-06","choices":[
  {"index":0,"message":{"role":"assistant","content":"A cat.","refusal":null},
   "finish_reason":"stop"},
  {"index":1,"message":{"role":"assistant","content":null,"tool_calls":[
    {"id":"c2","type":"function","function":{"name":"look","arguments":"{}"}}]},
   "finish_reason":"tool_calls"}],
  "usage":{"prompt_tokens":11,"completion_tokens":3,"total_tokens":14}})";

std::string chunk(const std::string& choices) {
  return R"(data: {"id":"chatcmpl-9","object":"chat.completion.chunk","model":"m-1","choices":[)" +
         choices + "]}\n\n";
}

// Two choices, parallel tool calls in pieces, reasoning, usage at the end.
std::string stream() {
  return chunk(R"({"index":0,"delta":{"role":"assistant","reasoning_content":"Hm"}})") +
         chunk(R"({"index":0,"delta":{"reasoning_content":"m."}})") +
         chunk(R"({"index":0,"delta":{"content":"Gr\u00fc"}})") +
         chunk(R"({"index":1,"delta":{"role":"assistant","refusal":"I can"}})") +
         chunk(R"({"index":0,"delta":{"content":"ß 🙂"}})") +
         chunk(R"({"index":1,"delta":{"refusal":"not."},"finish_reason":"stop"})") +
         chunk(R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function",)"
               R"("function":{"name":"f","arguments":""}}]}})") +
         chunk(R"({"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"p\""}},)"
               R"({"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}})") +
         chunk(
             R"({"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}})") +
         chunk(R"({"index":0,"delta":{},"finish_reason":"tool_calls"})") +
         "data: {\"id\":\"chatcmpl-9\",\"model\":\"m-1\",\"choices\":[],"
         "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}\n\n"
         "data: [DONE]\n\n";
}

constexpr const char* kStreamed =
    "assistant/assistant: reasoning(Hmm.) text(Grüß 🙂) tool_call(a,f,{\"p\":1}) "
    "tool_call(b,g,{}) -> tool_calls\n"
    "assistant/assistant: refusal(I cannot.) -> stop\n";

TEST(OpenAiChatTest, RequestMessagesKeepRolesZonesAndToolCalls) {
  const Exchange exchange = run({.request = kRequest, .response = kAnswer});
  EXPECT_EQ(summary(exchange.input),
            "system/system: text(Be brief.)\n"
            "developer/developer: text(No jokes.)\n"
            "user/user: text(What is this?) blob(image/png,5)\n"
            "assistant/assistant: tool_call(call_1,look,{\"x\":1})\n"
            "tool/tool: tool_call_response(call_1,a cat)\n");
  EXPECT_EQ(exchange.request_model, "gpt-4o");
  EXPECT_EQ(exchange.user.end_user_id, "u-1");
  ASSERT_EQ(exchange.tools.size(), 1U);
  EXPECT_EQ(exchange.tools[0].name, "look");
  EXPECT_EQ(exchange.tools[0].description, "Looks.");
  EXPECT_EQ(exchange.tools[0].parameters, R"({"type":"object"})");
}

TEST(OpenAiChatTest, PartsSayWhereInTheBodyTheyStood) {
  const Exchange exchange = run({.request = kRequest, .response = kAnswer});
  EXPECT_EQ(exchange.input[0].parts[0].json_path, "$.messages[0].content");
  EXPECT_EQ(exchange.input[1].parts[0].json_path, "$.messages[1].content[0].text");
  EXPECT_EQ(exchange.input[3].parts[0].json_path, "$.messages[3].tool_calls[0].function.arguments");
  EXPECT_EQ(exchange.output[0].parts[0].json_path, "$.choices[0].message.content");
}

TEST(OpenAiChatTest, ImagesLeaveTypeSizeAndHashOfTheirBytes) {
  const Exchange exchange = run({.request = kRequest, .response = kAnswer});
  const Part& blob = exchange.input[2].parts[1];
  EXPECT_EQ(blob.hash, "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_TRUE(blob.content.empty());
}

TEST(OpenAiChatTest, AnswerHasAllChoicesAndUsage) {
  const Exchange exchange = run({.request = kRequest, .response = kAnswer});
  EXPECT_EQ(summary(exchange.output),
            "assistant/assistant: text(A cat.) -> stop\n"
            "assistant/assistant: tool_call(c2,look,{}) -> tool_calls\n");
  EXPECT_EQ(exchange.response_id, "chatcmpl-1");
  EXPECT_EQ(exchange.response_model, "gpt-4o-2024-08-06");
  EXPECT_EQ(exchange.input_tokens, 11U);
  EXPECT_EQ(exchange.output_tokens, 3U);
  EXPECT_EQ(exchange.finish_reasons, (std::vector<std::string>{"stop", "tool_calls"}));
  EXPECT_TRUE(exchange.capture.complete);
  EXPECT_FALSE(exchange.stream);
}

TEST(OpenAiChatTest, StreamIsAssembledTheSameAtEverySplit) {
  const std::string body = stream();
  for (size_t split = 0; split <= body.size(); ++split) {
    const Exchange exchange = run({.request = R"({"model":"m","stream":true,"messages":[]})",
                                   .response = body,
                                   .response_type = "text/event-stream; charset=utf-8",
                                   .split = split});
    ASSERT_EQ(summary(exchange.output), kStreamed) << "split at " << split;
    ASSERT_EQ(exchange.input_tokens, 7U);
    ASSERT_EQ(exchange.output_tokens, 5U);
    ASSERT_TRUE(exchange.capture.complete);
    ASSERT_TRUE(exchange.stream);
  }
}

TEST(OpenAiChatTest, StreamCutAnywhereInventsNothingAndIsIncomplete) {
  const std::string body = stream();
  for (size_t length = 1; length < body.size(); ++length) {
    const Exchange exchange = run({.request = R"({"model":"m","stream":true,"messages":[]})",
                                   .response = body.substr(0, length),
                                   .response_type = "text/event-stream",
                                   .response_end = http::End::kTruncated});
    ASSERT_FALSE(exchange.capture.complete) << "cut at " << length;
    for (const Message& message : exchange.output) {
      for (const Part& part : message.parts) {
        if (part.type != PartType::kText) continue;
        ASSERT_TRUE(std::string("Grüß 🙂").starts_with(part.content));
      }
    }
  }
}

TEST(OpenAiChatTest, StreamLeftBehindItsLastEventIsComplete) {
  const Exchange exchange = run({.request = R"({"model":"m","messages":[]})",
                                 .response = stream(),
                                 .response_type = "text/event-stream",
                                 .response_end = http::End::kTruncated});
  EXPECT_EQ(summary(exchange.output), kStreamed);
  EXPECT_TRUE(exchange.capture.complete);
}

TEST(OpenAiChatTest, StreamWithoutDoneIsStillReported) {
  std::string body = stream();
  body.resize(body.find("data: [DONE]"));
  const Exchange exchange = run({.request = R"({"model":"m","messages":[]})",
                                 .response = body,
                                 .response_type = "text/event-stream"});
  EXPECT_EQ(summary(exchange.output), kStreamed);
  EXPECT_TRUE(exchange.capture.complete);
}

TEST(OpenAiChatTest, ToolCallsThatAllHaveIndexZeroStaySeparate) {
  const std::string body =
      chunk(R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"a",)"
            R"("function":{"name":"f","arguments":"{}"}}]}})") +
      chunk(R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"b",)"
            R"("function":{"name":"g","arguments":"{}"}}]},"finish_reason":"stop"})");
  const Exchange exchange = run({.request = R"({"model":"m","messages":[]})",
                                 .response = body,
                                 .response_type = "text/event-stream"});
  EXPECT_EQ(summary(exchange.output),
            "assistant/assistant: tool_call(a,f,{}) tool_call(b,g,{}) -> stop\n");
}

TEST(OpenAiChatTest, AzureGivesModelByPathAndVerdictsByAnnotations) {
  const Exchange exchange =
      run({.host = "x.openai.azure.com",
           .target = "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
           .request = R"({"messages":[{"role":"user","content":"hi"}],"user_security_context":{
         "end_user_id":"eu","application_name":"app","source_ip":"192.0.2.1",
         "end_user_tenant_id":"t"}})",
           .response = R"({"id":"r","model":"gpt-4o","choices":[{"index":0,
         "message":{"role":"assistant","content":"hello"},"finish_reason":"stop",
         "content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}],
         "prompt_filter_results":[{"prompt_index":0,"content_filter_results":{
         "jailbreak":{"filtered":false,"detected":true}}}]})"});
  EXPECT_EQ(exchange.provider, "azure.ai.openai");
  EXPECT_EQ(exchange.request_model, "my-gpt");
  EXPECT_EQ(exchange.user.application_name, "app");
  EXPECT_EQ(exchange.user.source_ip, "192.0.2.1");
  ASSERT_EQ(exchange.verdicts.size(), 2U);
  EXPECT_EQ(exchange.verdicts[0].name, "jailbreak");
  EXPECT_TRUE(exchange.verdicts[0].detected);
  EXPECT_FALSE(exchange.verdicts[0].filtered);
  EXPECT_FALSE(exchange.verdicts[1].detected);
}

TEST(OpenAiChatTest, AzureBlockIsAnErrorWithItsVerdict) {
  const Exchange exchange = run(
      {.host = "x.openai.azure.com",
       .target = "/openai/deployments/d/chat/completions",
       .request = R"({"messages":[{"role":"user","content":"hi"}]})",
       .response = R"({"error":{"message":"...","type":null,"code":"content_filter","status":400,
         "innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{
         "jailbreak":{"filtered":true,"detected":true}}}}})",
       .status = 400});
  EXPECT_EQ(exchange.error, "content_filter");
  EXPECT_EQ(exchange.http.status, 400);
  ASSERT_EQ(exchange.verdicts.size(), 1U);
  EXPECT_TRUE(exchange.verdicts[0].filtered);
  EXPECT_TRUE(exchange.output.empty());
}

}  // namespace
}  // namespace sonde::llm::test
