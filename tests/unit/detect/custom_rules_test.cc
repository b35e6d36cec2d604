#include "agent/detect/custom_rules.h"

#include <fstream>

#include "tests/unit/detect/engine_fixture.h"

namespace sonde::detect {
namespace {

using llm::Zone;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kRule = R"(
name: project_falcon
title: The code name of a secret project in a prompt
level: high
tags: [AML.T0057, LLM02]
detection:
  named:
    text|contains: [falcon, "meadow seven"]
    zone: [user, tool]
  numbered:
    text|re: 'FAL-\d{4}'
  trusted:
    process.exe|endswith: /archivist
  condition: (named or numbered) and not trusted
tests:
  - {text: "Write about Falcon", zone: user, match: true}
  - {text: "ticket FAL-1234", zone: assistant, match: true}
  - {text: "Write about Falcon", zone: assistant, match: false}
)";

class CustomRulesTest : public EngineFixture {
 protected:
  static std::string file_with(const std::string& content) {
    const std::string path = ::testing::TempDir() + "/rule_" +
                             ::testing::UnitTest::GetInstance()->current_test_info()->name() +
                             ".yaml";
    std::ofstream(path) << content;
    return path;
  }
  static std::string error_of(const std::string& content) {
    const auto rules = CustomRules::load({file_with(content)});
    return rules.ok() ? "" : rules.error().message;
  }
  static std::string with(const std::string& from, const std::string& to) {
    std::string rule = kRule;
    return rule.replace(rule.find(from), from.size(), to);
  }
};

TEST_F(CustomRulesTest, MatchingTextBecomesAFindingOfTheRule) {
  EngineConfig config;
  config.rule_files = {file_with(kRule)};
  configure(config);
  const auto findings =
      engine_->inspect(text(Zone::kUser, "Hello. The Meadow Seven plan.")).findings;
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].alert, "custom.project_falcon");
  EXPECT_EQ(findings[0].severity, Severity::kHigh);
  EXPECT_EQ(findings[0].start, 11u);
  EXPECT_EQ(findings[0].end, 23u);
  EXPECT_THAT(findings[0].owasp, ::testing::ElementsAre("LLM02"));
  EXPECT_THAT(alerts(text(Zone::kUser, "Hello.")), IsEmpty());
  llm::Exchange trusted = text(Zone::kUser, "falcon");
  trusted.process.exe = "/opt/Archivist";
  EXPECT_THAT(alerts(trusted), IsEmpty());
}

TEST_F(CustomRulesTest, TestsInsideOfTheRuleAreRun) {
  const auto good = CustomRules::load({file_with(kRule)});
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_THAT(good->run_tests(), IsEmpty());
  EXPECT_EQ(good->list()[0].tests, 3u);
  const auto bad =
      CustomRules::load({file_with(with("zone: assistant, match: true", "match: false"))});
  ASSERT_TRUE(bad.ok());
  ASSERT_EQ(bad->run_tests().size(), 1u);
  EXPECT_THAT(bad->run_tests()[0].message, HasSubstr(":17: rule 'project_falcon' matches"));
}

TEST_F(CustomRulesTest, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(error_of(kRule), "");
  EXPECT_THAT(error_of(with("level: high", "level: grave")), HasSubstr(".yaml:4: 'level'"));
  EXPECT_THAT(error_of(with("level: high", "levle: high")), HasSubstr(":4: unknown key 'levle'"));
  EXPECT_THAT(error_of(with("process.exe|endswith", "process|endswith")),
              HasSubstr(":13: unknown field 'process'"));
  EXPECT_THAT(error_of(with("text|contains", "text|holds")), HasSubstr("unknown modifier 'holds'"));
  EXPECT_THAT(error_of(with("not trusted", "not trustee")), HasSubstr("no selection 'trustee'"));
  EXPECT_THAT(error_of(with("(named or", "(named or or")), HasSubstr(":14: "));
  EXPECT_THAT(error_of(with("FAL-\\d{4}", "FAL-(")), HasSubstr("cannot be compiled"));
  EXPECT_THAT(error_of("a: [b"), HasSubstr(".yaml:1: "));
  EXPECT_THAT(error_of(std::string(kRule) + "---" + kRule), HasSubstr("two rules named"));
}

TEST_F(CustomRulesTest, ConditionsCountSelections) {
  const auto rules = CustomRules::load({file_with(R"(
name: two
title: both words
level: low
detection:
  word_a: {text: alpha}
  word_b: {text: beta}
  other: {text: gamma}
  condition: all of word_* and not 1 of oth*
)")});
  ASSERT_TRUE(rules.ok()) << rules.error().message;
  const auto matches = [&](const char* content) {
    const Text one{.text = content};
    return !rules->match({}, std::span(&one, 1)).empty();
  };
  EXPECT_TRUE(matches("alpha beta"));
  EXPECT_FALSE(matches("alpha"));
  EXPECT_FALSE(matches("alpha beta gamma"));
}

TEST_F(CustomRulesTest, DeepConditionIsReadWithoutRecursion) {
  std::string deep = "named";
  for (int i = 0; i < 2000; ++i) deep = "(" + deep + ")";
  EXPECT_EQ(error_of(with("(named or numbered) and not trusted", deep.substr(1998, 9))), "");
  EXPECT_THAT(error_of(with("(named or numbered) and not trusted", deep + ")")),
              HasSubstr(":14: "));
}

}  // namespace
}  // namespace sonde::detect
