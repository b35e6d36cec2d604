#include "agent/detect/lookalikes.h"

#include "tests/unit/detect/engine_fixture.h"

namespace sonde::detect {
namespace {

using llm::Zone;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

std::string technique(const LookAlikes& brands, std::string_view host, bool link = true) {
  const auto found = brands.match(host, link);
  return found ? std::string(found->technique) + " of " + found->brand : "none";
}

TEST(LookAlikesTest, ImitationsAreTold) {
  const LookAlikes brands({"acmebank.example"}, true);
  EXPECT_EQ(technique(brands, "0penai.com"), "homograph of openai.com");
  EXPECT_EQ(technique(brands, "api.оpenаi.com"), "homograph of openai.com");  // Cyrillic o, a
  EXPECT_EQ(technique(brands, "xn--penai-iye.com"), "homograph of openai.com");
  EXPECT_EQ(technique(brands, "rnicrosoft.com"), "homograph of microsoft.com");
  EXPECT_EQ(technique(brands, "anthroplc.com"), "typo of anthropic.com");
  EXPECT_EQ(technique(brands, "antrhopic.com"), "typo of anthropic.com");
  EXPECT_EQ(technique(brands, "hugingface.co"), "typo of huggingface.co");
  EXPECT_EQ(technique(brands, "openai-login.com"), "lure of openai.com");
  EXPECT_EQ(technique(brands, "secureanthropic.net"), "lure of anthropic.com");
  EXPECT_EQ(technique(brands, "secure-anthropic.net"), "lure of anthropic.com");
  EXPECT_EQ(technique(brands, "api.openai.com.session.evil.example"), "embedded of openai.com");
  EXPECT_EQ(technique(brands, "acmebnak.example"), "typo of acmebank.example");
}

TEST(LookAlikesTest, TheRealOnesAndTheirNeighboursAreSpared) {
  const LookAlikes brands({}, true);
  for (const char* host : {"openai.com",
                           "api.openai.com",
                           "platform.openai.com",
                           "openai.org",
                           "anthropic.com",
                           "mistral.ai",
                           "mistrals.net",
                           "github.io",
                           "octocat.github.io",
                           "cohered.org",
                           "api.openai.com.cdn.cloudflare.net",
                           "example.com",
                           "openaire.eu",
                           "opera.com",
                           "login.microsoftonline.com",
                           "claudel.fr",
                           "localhost",
                           "10.0.0.1",
                           "bücher.example",
                           "xn--bcher-kva.example"}) {
    EXPECT_EQ(technique(brands, host), "none") << host;
  }
}

TEST(LookAlikesTest, AFileIsNoDomain) {
  const LookAlikes brands({}, true);
  EXPECT_EQ(technique(brands, "anthropics.py", false), "none");
  EXPECT_EQ(technique(brands, "langchian.md", false), "none");
  EXPECT_EQ(technique(brands, "langchian.md", true), "typo of langchain.com");
}

TEST(LookAlikesTest, HostilePunycodeDoesNoHarm) {
  const LookAlikes brands({}, true);
  EXPECT_EQ(technique(brands, "xn--.com"), "none");
  EXPECT_EQ(technique(brands, "xn--99999999999999999999999999.com"), "none");
  EXPECT_EQ(technique(brands, std::string(5000, 'a') + ".com"), "none");
  EXPECT_EQ(technique(brands, "....."), "none");
}

class LookAlikeAlertsTest : public EngineFixture {};

TEST_F(LookAlikeAlertsTest, ALinkToAnImitationIsAnAlertByItsOrigin) {
  const auto findings =
      engine_->inspect(text(Zone::kAssistant, "Log in at https://openai-login.com/session"))
          .findings;
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].alert, "malicious_url.model_response");
  EXPECT_EQ(findings[0].subtype, "lookalike");
  EXPECT_EQ(findings[0].data.at("brand"), "openai.com");
  EXPECT_EQ(findings[0].data.at("domain"), "openai-login.com");
  EXPECT_THAT(alerts(text(Zone::kTool, "see hxxps://0penai[.]com/x")),
              Contains("malicious_url.tool_output"));
  EXPECT_THAT(alerts(text(Zone::kUser, "is https://platform.openai.com/docs right?")), IsEmpty());
}

TEST_F(LookAlikeAlertsTest, HostsOfTheApplicationAreProtectedOnceTheyAreKnown) {
  const auto answer = text(Zone::kAssistant, "Go to https://inference-grid.example/login");
  EXPECT_THAT(alerts(answer), IsEmpty());
  llm::Exchange own = text(Zone::kUser, "hello");
  own.network.host = "api.inferencegrid.example";
  alerts(own);
  EXPECT_THAT(alerts(text(Zone::kAssistant, "Go to https://inferencegrld.example/login")),
              Contains("malicious_url.model_response"));
}

TEST_F(LookAlikeAlertsTest, BrandsOfTheOperatorAreProtected) {
  EngineConfig config;
  config.brand_domains = {"acmebank.example"};
  configure(config);
  EXPECT_THAT(alerts(text(Zone::kTool, "https://verify-acmebank.example/")),
              Contains("malicious_url.tool_output"));
  EXPECT_THAT(alerts(text(Zone::kTool, "https://www.acmebank.example/")), IsEmpty());
}

}  // namespace
}  // namespace sonde::detect
