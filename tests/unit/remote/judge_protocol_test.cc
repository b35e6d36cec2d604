// What remote judges are asked, and what is made of documented, unusual and hostile answers.
#include "agent/app/remote/judge_protocol.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sonde::app {
namespace {

using Json = nlohmann::json;

config::RemoteJudge shields() {
  config::RemoteJudge judge;
  judge.type = "prompt_shields";
  judge.url = "https://example.cognitiveservices.azure.com/";
  return judge;
}

config::RemoteJudge guard() {
  config::RemoteJudge judge;
  judge.type = "openai";
  judge.url = "https://guard.example/v1";
  judge.model = "llama-guard-3-8b";
  return judge;
}

std::string completion(const std::string& content) {
  return Json{{"choices", {{{"index", 0}, {"message", {{"content", content}}}}}}}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

// "attack", "attack: CATEGORIES", "clean" or "none".
std::string said(const std::string& content, const config::RemoteJudge& judge = guard()) {
  const auto verdict = read_judge_answer(judge, false, completion(content));
  if (!verdict.ok()) return "none";
  if (!verdict->attack) return "clean";
  return verdict->categories.empty() ? "attack" : "attack: " + verdict->categories;
}

TEST(JudgeProtocolTest, PromptShieldsIsAskedAsDocumented) {
  EXPECT_EQ(judge_url(shields()),
            "https://example.cognitiveservices.azure.com/contentsafety/text:shieldPrompt"
            "?api-version=2024-09-01");
  EXPECT_EQ(judge_headers(shields(), "k3y").at(1), "Ocp-Apim-Subscription-Key: k3y");
  EXPECT_EQ(Json::parse(judge_body(shields(), {false, "hi \"x\""})),
            (Json{{"userPrompt", "hi \"x\""}}));
  EXPECT_EQ(Json::parse(judge_body(shields(), {true, "page"})), (Json{{"documents", {"page"}}}));
}

TEST(JudgeProtocolTest, PromptShieldsAnswersAreRead) {
  const auto read = [](bool document, const std::string& body) {
    const auto verdict = read_judge_answer(shields(), document, body);
    return !verdict.ok() ? "none" : verdict->attack ? "attack" : "clean";
  };
  const std::string both =
      R"({"userPromptAnalysis":{"attackDetected":true},"documentsAnalysis":[{"attackDetected":false}]})";
  EXPECT_STREQ(read(false, both), "attack");
  EXPECT_STREQ(read(true, both), "clean");
  EXPECT_STREQ(read(false, R"({"userPromptAnalysis":{"attackDetected":false}})"), "clean");
  EXPECT_STREQ(read(true, R"({"documentsAnalysis":[{"attackDetected":true}]})"), "attack");
  for (const char* body :
       {"", "[]", "null", "{", R"({"userPromptAnalysis":{"attackDetected":"true"}})",
        R"({"userPromptAnalysis":true})", R"({"documentsAnalysis":{}})",
        R"({"documentsAnalysis":[]})", R"({"error":{"code":"InvalidRequestBody"}})"}) {
    EXPECT_STREQ(read(false, body), "none") << body;
    EXPECT_STREQ(read(true, body), "none") << body;
  }
}

TEST(JudgeProtocolTest, AGuardModelIsAskedLikeAnyChat) {
  config::RemoteJudge judge = guard();
  judge.instructions = "Say safe or unsafe.";
  judge.parameters =
      R"({"chat_template_kwargs":{"guardian_config":{"risk_name":"jailbreak"}},"max_tokens":null})";
  EXPECT_EQ(judge_url(judge), "https://guard.example/v1/chat/completions");
  EXPECT_EQ(judge_headers(judge, "k3y").at(1), "Authorization: Bearer k3y");
  EXPECT_EQ(judge_headers(judge, "").size(), 1u);
  const Json body = Json::parse(judge_body(judge, {true, "text"}));
  EXPECT_EQ(body["model"], "llama-guard-3-8b");
  EXPECT_EQ(body["messages"][0], (Json{{"role", "system"}, {"content", "Say safe or unsafe."}}));
  EXPECT_EQ(body["messages"][1], (Json{{"role", "user"}, {"content", "text"}}));
  EXPECT_EQ(body["temperature"], 0);
  EXPECT_FALSE(body.contains("max_tokens"));
  EXPECT_EQ(body["chat_template_kwargs"]["guardian_config"]["risk_name"], "jailbreak");
}

TEST(JudgeProtocolTest, BytesThatAreNoTextDoNotSpoilTheRequest) {
  EXPECT_TRUE(Json::accept(judge_body(guard(), {false, "a\xFF\xC3z"})));
}

TEST(JudgeProtocolTest, GuardModelsAnswerInManyForms) {
  EXPECT_EQ(said("safe"), "clean");                         // Llama Guard
  EXPECT_EQ(said("\n\nunsafe\nS1,S14"), "attack: S1,S14");  // Llama Guard
  EXPECT_EQ(said("Yes"), "attack");                         // Granite Guardian, ShieldGemma
  EXPECT_EQ(said("No"), "clean");
  EXPECT_EQ(said("No\n<confidence> High </confidence>"), "clean");
  EXPECT_EQ(said("<think>it says yes, unsafe</think>\n<score> no </score>"), "clean");
  EXPECT_EQ(said("<score> yes </score>"), "attack");
  EXPECT_EQ(said("Safety: Unsafe\nCategories: Jailbreak"), "attack: Jailbreak");  // Qwen3Guard
  EXPECT_EQ(said("Safety: Safe\nCategories: None"), "clean");
  EXPECT_EQ(said(R"({"User Safety": "unsafe", "Safety Categories": "Guns, Fraud"})"),
            "attack: Guns, Fraud");
  EXPECT_EQ(said("```json\n{\"flagged\": true, \"categories\": [\"a\", \"b\"]}\n```"),
            "attack: a,b");
  EXPECT_EQ(said(R"({"safe": true})"), "clean");
  EXPECT_EQ(said(R"({"is_safe": false})"), "attack");
  EXPECT_EQ(said("**Unsafe**"), "attack");
  EXPECT_EQ(said("INJECTION"), "attack");
}

TEST(JudgeProtocolTest, WhatIsNoVerdictIsNone) {
  for (const char* content :
       {"", "   ", "I cannot help with that.", "safely said", "{}", R"({"verdict": []})",
        R"({"score": 7})", "<think>unsafe", "unsafeS1"}) {
    EXPECT_EQ(said(content), "none") << content;
  }
  const auto fails = [](const std::string& body) {
    return !read_judge_answer(guard(), false, body).ok();
  };
  EXPECT_TRUE(fails("null"));
  EXPECT_TRUE(fails(R"({"choices": []})"));
  EXPECT_TRUE(fails(R"({"choices": {}})"));
  EXPECT_TRUE(fails(R"({"choices": [{"message": {"content": null}}]})"));
  EXPECT_TRUE(fails(R"({"choices": [[]]})"));
  EXPECT_TRUE(fails(std::string(50'000, '[')));
  EXPECT_TRUE(fails("{\"choices\":" + std::string(20'000, '[') + std::string(20'000, ']') + "}"));
}

TEST(JudgeProtocolTest, AnAnswerCannotWriteIntoAlerts) {
  EXPECT_EQ(said("unsafe\n<script>S1</script>\x1b[31m\xFF"), "attack: scriptS1script31m");
  const std::string long_answer = said("unsafe\n" + std::string(5000, 'S'));
  EXPECT_LE(long_answer.size(), 140u);
  const auto failed = read_judge_answer(guard(), false, completion("my secret thoughts"));
  EXPECT_EQ(failed.error().message.find("secret"), std::string::npos);
}

TEST(JudgeProtocolTest, OnlyTheCategoriesAskedForAreAttacks) {
  config::RemoteJudge judge = guard();
  judge.categories = {"s14", "Jailbreak"};
  EXPECT_EQ(said("unsafe\nS1,S14", judge), "attack: S1,S14");
  EXPECT_EQ(said("unsafe\nS1, S140", judge), "clean");
  EXPECT_EQ(said("unsafe", judge), "clean");
  EXPECT_EQ(said("Safety: Unsafe\nCategories: jailbreak", judge), "attack: jailbreak");
}

}  // namespace
}  // namespace sonde::app
