#include "agent/llm/json_repair.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/splits.h"

namespace sonde::llm {
namespace {

std::string repaired(std::string_view text) { return repair_json(text, 64).value_or("nothing"); }

TEST(JsonRepairTest, TextThatIsCutIsClosed) {
  EXPECT_EQ(repaired(R"({"a":[1,2,"th)"), R"({"a":[1,2,"th"]})");
  EXPECT_EQ(repaired(R"({"a":1,"b)"), R"({"a":1})");
  EXPECT_EQ(repaired(R"({"a":1,"b":)"), R"({"a":1})");
  EXPECT_EQ(repaired(R"({"a":[{"b":tru)"), R"({"a":[{}]})");
  EXPECT_EQ(repaired(R"([12)"), R"([])") << "the number may be cut";
  EXPECT_EQ(repaired(R"({"a":"x\u00)"), R"({"a":"x"})");
}

TEST(JsonRepairTest, WhatOtherParsersTakeIsMadeStrict) {
  EXPECT_EQ(repaired("{\"a\":\"x\ny\"}"), R"({"a":"x\u000ay"})");
  EXPECT_EQ(repaired("{\"a\":\"x\xff\"}"), R"({"a":"x\ufffd"})");
  EXPECT_EQ(repaired(R"({"a":"\ud800x"})"), R"({"a":"\ufffdx"})");
  EXPECT_EQ(repaired(R"({"a":"\ud83d\ude00"})"), R"({"a":"\ud83d\ude00"})");
  EXPECT_EQ(repaired(R"({"a":NaN,"b":[1,],})"), R"({"a":null,"b":[1]})");
  EXPECT_EQ(repaired(R"([123456789012345678901234567890, 1e999])"),
            R"([123456789012345678901234567890.0,null])");
  EXPECT_EQ(repaired("\xEF\xBB\xBF{}"), "{}");
}

TEST(JsonRepairTest, NothingComesOfWhatIsNoObjectOrArray) {
  for (const char* text : {"", "  ", "hello", "\"a\"", "12", "<html>"}) {
    EXPECT_FALSE(repair_json(text, 64)) << text;
  }
}

TEST(JsonRepairTest, DepthBeyondTheLimitCountsAsCut) {
  EXPECT_EQ(repair_json("[[[[1]]]]", 2).value(), "[[]]");
}

TEST(JsonRepairTest, EveryTruncationIsValidAndInventsNothing) {
  const std::string whole =
      R"({"messages":[{"role":"user","content":"Zażółć \"x\" \ud83d\ude00 \\"},{"n":-12.5e3,"t":true}],"z":null})";
  const nlohmann::json full = nlohmann::json::parse(whole).flatten();
  sonde::test::for_each_truncation(whole, [&](std::string_view part) {
    const auto text = repair_json(part, 64);
    if (part.empty()) {
      EXPECT_FALSE(text);
      return;
    }
    ASSERT_TRUE(text);
    const nlohmann::json value = nlohmann::json::parse(*text, nullptr, false);
    ASSERT_FALSE(value.is_discarded()) << *text;
    const nlohmann::json leaves = value.flatten();
    for (const auto& [path, leaf] : leaves.items()) {
      if (leaf.is_null() || leaf.is_structured()) continue;
      const nlohmann::json there = full.value(path, nlohmann::json());
      if (leaf.is_string()) {
        EXPECT_EQ(there.get<std::string>().rfind(leaf.get<std::string>(), 0), 0U) << *text;
      } else {
        EXPECT_EQ(leaf, there);
      }
    }
  });
}

}  // namespace
}  // namespace sonde::llm
