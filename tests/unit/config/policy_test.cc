// What a policy may do to a configuration, and what it may not.
#include "agent/config/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Policy policy(const std::string& text) {
  auto parsed = parse_policy(text, "policy");
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.ok() ? *parsed : Policy();
}

std::string problem(const std::string& text) {
  const auto parsed = parse_policy(text, "policy");
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(PolicyTest, OnlyTheListedKeysAndFilesMayBeSet) {
  EXPECT_THAT(problem("settings:\n  collector:\n    url: https://evil:1\n"),
              HasSubstr("policy:2:3: unknown key 'collector'"));
  EXPECT_THAT(problem("settings:\n  detect:\n    rule_files: [/etc/shadow]\n"),
              HasSubstr("policy:3:5: unknown key 'rule_files'"));
  EXPECT_THAT(problem("settings:\n  sinks:\n    stdout: true\n"), HasSubstr("unknown key 'sinks'"));
  EXPECT_THAT(problem("files:\n  passwd: x\n"), HasSubstr("policy:2:3: unknown file"));
  EXPECT_THAT(problem("commands: [rm]\n"), HasSubstr("policy:1:1: unknown key"));
  EXPECT_THAT(problem("settings:\n  detect:\n    evidence: everything\n"),
              HasSubstr("policy:3:15: 'detect.evidence' must be one of"));
  EXPECT_THAT(problem("settings: [\n"), HasSubstr("policy:2:1: "));
  EXPECT_EQ(problem(""), "");
  EXPECT_EQ(problem("settings:\n  detect:\n    merge_seconds: 60\nfiles:\n  rules: |\n    a\n"),
            "");
}

TEST(PolicyTest, EvidenceOnlyGetsLessUnlessTheHostSaysSo) {
  const auto evidence = [](Evidence local, const char* wanted, bool may_raise) {
    Config config;
    config.detect.evidence = local;
    config.policy.may_raise_evidence = may_raise;
    const Policy said = policy(std::string("settings: {detect: {evidence: ") + wanted + "}}");
    return under_policy(config, said, "/p").detect.evidence;
  };
  EXPECT_EQ(evidence(Evidence::kSegment, "full", false), Evidence::kSegment);
  EXPECT_EQ(evidence(Evidence::kSegment, "full", true), Evidence::kFull);
  EXPECT_EQ(evidence(Evidence::kNone, "segment", false), Evidence::kNone);
  EXPECT_EQ(evidence(Evidence::kFull, "none", false), Evidence::kNone);
  EXPECT_EQ(evidence(Evidence::kSegment, "segment", false), Evidence::kSegment);
}

TEST(PolicyTest, WhatTheHostDisabledStaysDisabledAndOtherKeysStayTheHosts) {
  Config config;
  config.agent_id = "web-1";
  config.detect.disabled_alerts = {"a"};
  config.detect.merge_window = std::chrono::seconds(7);
  const Config under =
      under_policy(config, policy("settings: {detect: {disabled_alerts: [b, a]}}"), "/p");
  EXPECT_THAT(under.detect.disabled_alerts, ElementsAre("b", "a"));
  EXPECT_EQ(under.detect.merge_window, std::chrono::seconds(7)) << "not mentioned by the policy";
  EXPECT_EQ(under.agent_id, "web-1");
  const Config other = under_policy(
      config, policy("settings: {detect: {disabled_alerts: [], merge_seconds: 60}}"), "/p");
  EXPECT_THAT(other.detect.disabled_alerts, ElementsAre("a"));
  EXPECT_EQ(other.detect.merge_window, std::chrono::seconds(60));
}

TEST(PolicyTest, FilesComeBesideThoseOfTheHost) {
  Config config;
  config.detect.rule_files = {"/etc/sonde/rules.yaml"};
  const Config under =
      under_policy(config, policy("files: {rules: 'x', indicators: 'evil.example'}"), "/p/3");
  EXPECT_THAT(under.detect.rule_files, ElementsAre("/etc/sonde/rules.yaml", "/p/3/rules"));
  EXPECT_THAT(under.detect.indicator_files, ElementsAre("/p/3/indicators"));
  EXPECT_TRUE(under.detect.tor_exit_files.empty());
}

TEST(PolicyTest, OnlyWhatTheKeySignedOpens) {
  const auto keys = make_policy_keys();
  const auto others = make_policy_keys();
  ASSERT_TRUE(keys.ok() && others.ok());
  EXPECT_EQ(*policy_public_key(keys->private_pem), keys->public_pem);
  const auto made = sign_policy({"default", 7, "settings: {}\n"}, keys->private_pem);
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto opened = open_policy(*made, keys->public_pem);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->group, "default");
  EXPECT_EQ(opened->version, 7);
  EXPECT_EQ(opened->document, "settings: {}\n");
  EXPECT_FALSE(open_policy(*made, others->public_pem).ok());
  EXPECT_FALSE(open_policy(*made, "no key").ok());
  EXPECT_FALSE(open_policy(*made, keys->private_pem).ok());
  for (size_t i = 0; i < made->bundle.size(); ++i) {
    SignedPolicy forged = *made;
    forged.bundle[i] = static_cast<char>(forged.bundle[i] ^ 1);
    EXPECT_FALSE(open_policy(forged, keys->public_pem).ok()) << i;
  }
  for (size_t i = 0; i < made->signature.size(); ++i) {
    EXPECT_FALSE(open_policy({made->bundle, made->signature.substr(0, i)}, keys->public_pem).ok());
  }
  SignedPolicy forged = *made;
  forged.signature[5] = forged.signature[5] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(open_policy(forged, keys->public_pem).ok());
}

}  // namespace
}  // namespace sonde::config
