#include "agent/alert/suppression.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/detect/fingerprint.h"
#include "tests/unit/alert/sample.h"

namespace sonde::alert {
namespace {

using namespace std::chrono_literals;

constexpr char kKey[] = "0123456789abcdef0123456789abcdef";

class SuppressionTest : public testing::Test {
 protected:
  Result<Suppressions> load(const std::string& text) {
    // Tests of this fixture run side by side.
    path_ = testing::TempDir() + "/suppressions_" + std::to_string(getpid()) + ".yaml";
    std::ofstream(path_) << text;
    return Suppressions::load({path_}, kKey);
  }

  // Is the sample finding kept back by a rule with these conditions?
  bool covers(const std::string& conditions, WallTime now = WallTime(500'000h)) {
    const auto rules = load("suppressions:\n  - {name: n, reason: r, " + conditions + "}\n");
    EXPECT_TRUE(rules.ok()) << rules.error().message;
    return rules.ok() && rules->match(finding_, exchange_, now) != nullptr;
  }

  std::string problem(const std::string& text) {
    const auto rules = load(text);
    if (rules.ok()) return "none";
    const std::string& message = rules.error().message;
    return message.starts_with(path_) ? message.substr(path_.size()) : message;
  }

  detect::Finding finding_ = sample_finding();
  llm::Exchange exchange_ = sample_exchange();
  std::string path_;
};

TEST_F(SuppressionTest, EachConditionFitsByItself) {
  for (const char* fitting :
       {"alert: credential.*", "alert: [x, credential.response]", "detector: credential",
        "subtype: git*", "application: shop", "exe: /usr/bin/*", "cmdline: '*app.js*'",
        "host: '*.openai.com'", "user: user-7", "zone: assistant", "fingerprint: fp1234",
        "value: GitHub"}) {
    EXPECT_TRUE(covers(fitting)) << fitting;
  }
  for (const char* other :
       {"alert: credential", "alert: prompt_attack.*", "detector: provenance", "subtype: aws",
        "application: other", "exe: node", "cmdline: app.js", "host: api.mistral.ai",
        "user: user-8", "zone: tool", "fingerprint: fp12", "value: gitlab"}) {
    EXPECT_FALSE(covers(other)) << other;
  }
}

TEST_F(SuppressionTest, AllConditionsMustFit) {
  EXPECT_TRUE(covers("alert: credential.*, zone: assistant, exe: /usr/bin/node"));
  EXPECT_FALSE(covers("alert: credential.*, zone: tool, exe: /usr/bin/node"));
}

TEST_F(SuppressionTest, AnAllowedValueIsKnownByItsFingerprint) {
  finding_.data["fingerprint"] = detect::fingerprint(kKey, "AKIAQ3EGRIAYXR7KJ2PZ");
  EXPECT_TRUE(covers("value: AKIAQ3EGRIAYXR7KJ2PZ"));
  EXPECT_FALSE(covers("value: AKIAQ3EGRIAYXR7KJ2PA"));
}

TEST_F(SuppressionTest, ARuleThatHasExpiredCoversNothing) {
  const WallTime midnight(
      std::chrono::sys_days(std::chrono::year(2027) / 1 / 31).time_since_epoch());
  EXPECT_TRUE(covers("alert: '*', expires: 2027-01-31", midnight - 1ns));
  EXPECT_FALSE(covers("alert: '*', expires: 2027-01-31", midnight));
  const auto rules = load("suppressions: [{name: old, reason: r, alert: x, expires: 2020-02-29}]");
  EXPECT_EQ(rules->expired(midnight), std::vector<std::string>{"old"});
}

TEST_F(SuppressionTest, TheFirstRuleIsTheOneThatCounts) {
  const auto rules = load(
      "suppressions:\n- {name: a, reason: r, alert: x.*}\n- {name: b, reason: r, alert: "
      "'credential.*'}\n- {name: c, reason: r, alert: '*'}\n");
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(rules->match(finding_, exchange_, WallTime())->name, "b");
}

TEST_F(SuppressionTest, ProblemsNameTheLine) {
  EXPECT_EQ(problem("suppressions:\n- name: a\n  reason: r\n  alrt: x\n  zone: user\n"),
            ":4: unknown key 'alrt'");
  EXPECT_EQ(problem("suppressions:\n- name: a\n  reason: r\n"),
            ":2: has no condition: it would suppress everything");
  EXPECT_EQ(problem("suppressions:\n- name: a\n  alert: x\n"),
            ":2: 'reason' is missing: say why this is no trouble");
  EXPECT_EQ(problem("suppressions:\n- {name: a, reason: r, alert: x}\n- {name: a, reason: r, "
                    "alert: y}\n"),
            ":3: the name 'a' is taken");
  EXPECT_EQ(problem("suppressions:\n- name: a\n  reason: r\n  alert: x\n  expires: 2027-02-30\n"),
            ":5: 'expires' must be a day, as 2027-01-31");
  EXPECT_EQ(problem("suppressions:\n- name: a\n  reason: r\n  zone: [user, cellar]\n"),
            ":4: 'zone' must be system, developer, user, assistant or tool");
  EXPECT_EQ(problem("suppresions: []\n"), ":1: must hold one key, 'suppressions'");
  EXPECT_THAT(problem("suppressions:\n- name: [\n"), testing::MatchesRegex(":[0-9]+: .*"));
}

TEST_F(SuppressionTest, AMissingFileIsAnError) {
  const auto rules = Suppressions::load({"/nowhere/rules.yaml"}, kKey);
  ASSERT_FALSE(rules.ok());
  EXPECT_NE(rules.error().message.find("/nowhere/rules.yaml"), std::string::npos);
}

}  // namespace
}  // namespace sonde::alert
