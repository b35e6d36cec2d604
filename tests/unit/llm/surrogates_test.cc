#include "agent/llm/surrogates.h"

#include <gtest/gtest.h>

#include "tests/unit/llm/harness.h"

namespace sonde::llm {
namespace {

std::string marked_and_joined(std::string_view json) {
  std::string text = mark_surrogates(json).value_or("unmarked");
  join_surrogates(text);
  return text;
}

TEST(SurrogatesTest, WholePairsAndOtherEscapesAreLeftAlone) {
  for (const char* json : {R"("\ud83e\udd89")", R"("\\ud83e")", R"("\n\u00e9")", R"("\ud83)", ""}) {
    EXPECT_EQ(mark_surrogates(json), std::nullopt) << json;
  }
}

TEST(SurrogatesTest, ALoneHalfBecomesTheReplacementCharacter) {
  EXPECT_EQ(marked_and_joined(R"("a\ud83e-\udd89b")"), "\"a\uFFFD-\uFFFDb\"");
  EXPECT_EQ(marked_and_joined(R"("\udd89\ud83e")"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(marked_and_joined(R"("\uD800x\uDFFF")"), "\"\uFFFDx\uFFFD\"");
}

TEST(SurrogatesTest, AHalfThatMayBeCutIsNotMarked) {
  EXPECT_EQ(mark_surrogates(R"({"a":"\ud83e)"), std::nullopt);
  EXPECT_EQ(mark_surrogates(R"({"a":"\ud83e\udd8)"), std::nullopt);
}

TEST(SurrogatesTest, HalvesThatMeetAreTheirCharacter) {
  std::string text = mark_surrogates(R"(a \ud83e")").value_or("");
  text.pop_back();
  text += mark_surrogates(R"(\udd89 b)").value_or("");
  join_surrogates(text);
  EXPECT_EQ(text, "a \U0001F989 b");
}

TEST(SurrogatesTest, PrivateCharactersOfOthersStayInTextWithoutHalves) {
  const test::Script script{
      .request = R"({"model":"m","messages":[{"role":"user","content":"q"}]})",
      .response =
          "{\"object\":\"chat.completion\",\"choices\":[{\"message\":"
          "{\"content\":\"\U0010F83E\U0010FD89\"}}]}"};
  EXPECT_EQ(test::run(script).output.at(0).parts.at(0).content, "\U0010F83E\U0010FD89");
}

// As programs write it whose strings are UTF-16: each event has one half.
std::string stream_of(const std::vector<std::string>& pieces) {
  std::string out;
  for (const std::string& piece : pieces) {
    out += R"(data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":")" +
           piece + "\"}}]}\n\n";
  }
  return out +
         "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
         "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
}

TEST(SurrogatesTest, ACharacterCutBetweenTwoEventsIsHeardWhole) {
  const test::Script script{
      .request = R"({"model":"m","messages":[{"role":"user","content":"q"}]})",
      .response = stream_of({"owl \\ud83e", "\\udd89!", "\\ud83d"}),
      .response_type = "text/event-stream"};
  const Exchange exchange = test::run(script);
  EXPECT_EQ(exchange.output.at(0).parts.at(0).content, "owl \U0001F989!\uFFFD");
  EXPECT_TRUE(exchange.capture.complete);
}

}  // namespace
}  // namespace sonde::llm
