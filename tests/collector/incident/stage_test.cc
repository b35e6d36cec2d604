#include "collector/incident/stage.h"

#include <gtest/gtest.h>

namespace sonde::incident {
namespace {

TEST(StageTest, EachAlertOfTheCatalogueHasItsPlace) {
  EXPECT_EQ(stage_of("reconnaissance"), Stage::kReconnaissance);
  EXPECT_EQ(stage_of("prompt_attack.document"), Stage::kInjection);
  EXPECT_EQ(stage_of("malicious_url.tool_output"), Stage::kInjection);
  EXPECT_EQ(stage_of("malicious_url.model_response"), Stage::kExfiltration);
  EXPECT_EQ(stage_of("tool.tainted_call"), Stage::kToolUse);
  EXPECT_EQ(stage_of("tool.tainted_exec"), Stage::kExecution);
  EXPECT_EQ(stage_of("credential.response"), Stage::kCollection);
  EXPECT_EQ(stage_of("credential.tool_call"), Stage::kExfiltration);
  EXPECT_EQ(stage_of("coverage.blind"), Stage::kNone);
  EXPECT_EQ(stage_of("shadow_ai"), Stage::kNone);
}

TEST(StageTest, TheTitleTellsTheStory) {
  const StageSet one = stage_bit(Stage::kInjection);
  EXPECT_EQ(incident_title(one, "A jailbreak", "chatbot", "web-1"),
            "A jailbreak: chatbot on web-1");
  EXPECT_EQ(incident_title(one | stage_bit(Stage::kToolUse) | stage_bit(Stage::kExecution),
                           "A jailbreak", "", "web-1"),
            "Prompt injection led to tool use and execution: web-1");
  EXPECT_EQ(furthest(one | stage_bit(Stage::kExecution)), Stage::kExecution);
}

TEST(StageTest, AnInjectionThatActedIsSevere) {
  using store::Severity;
  const StageSet injection = stage_bit(Stage::kInjection);
  EXPECT_EQ(incident_severity(injection, Severity::kLow), Severity::kLow);
  EXPECT_EQ(incident_severity(injection | stage_bit(Stage::kToolUse), Severity::kLow),
            Severity::kHigh);
  EXPECT_EQ(incident_severity(injection | stage_bit(Stage::kExecution), Severity::kLow),
            Severity::kCritical);
  EXPECT_EQ(incident_severity(stage_bit(Stage::kExecution), Severity::kMedium), Severity::kMedium);
}

}  // namespace
}  // namespace sonde::incident
