#include <fmt/format.h>

#include "tests/unit/detect/engine_fixture.h"

namespace sonde::detect {
namespace {

using llm::Zone;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Random text of a given alphabet and length; tokens are put together here, so that no scanner
// stumbles over this file.
std::string random_text(size_t length, std::string_view alphabet, uint32_t seed = 7) {
  std::string out;
  for (uint32_t state = seed; out.size() < length;) {
    state = state * 1664525 + 1013904223;
    out.push_back(alphabet[(state >> 16) % alphabet.size()]);
  }
  return out;
}
constexpr std::string_view kAlnum =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

class CredentialTest : public EngineFixture {
 protected:
  // The type of the only secret found in what a model answered; empty where none was found.
  std::string type_in(const std::string& answer) {
    const Inspection inspection = engine_->inspect(text(Zone::kAssistant, answer));
    if (inspection.findings.size() != 1) {
      return inspection.findings.empty() ? ""
                                         : fmt::format("{} findings", inspection.findings.size());
    }
    EXPECT_EQ(inspection.findings[0].alert, "credential.response");
    return inspection.findings[0].subtype;
  }
};

TEST_F(CredentialTest, ProviderFormatsAreNamed) {
  const std::string alnum48 = random_text(48, kAlnum);
  const struct {
    std::string token;
    std::string type;
  } cases[] = {
      {"sk-proj-" + random_text(100, kAlnum), "openai_api_key"},
      {"sk-ant-api03-" + random_text(93, kAlnum) + "AA", "anthropic_api_key"},
      {"AKIA" + random_text(16, kBase32), "aws_access_key_id"},
      {"AIza" + random_text(35, kAlnum), "gcp_api_key"},
      {"ghp_" + random_text(36, kAlnum), "github_token"},
      {"github_pat_" + random_text(82, kAlnum), "github_fine_grained_token"},
      {"glpat-" + random_text(20, kAlnum), "gitlab_token"},
      {"xoxb-123456789012-123456789012-" + random_text(24, kAlnum), "slack_bot_token"},
      {"sk_live_" + random_text(24, kAlnum), "stripe_secret_key"},
      {"npm_" + random_text(36, kAlnum), "npm_token"},
      {"pypi-AgEIcHlwaS5vcmc" + random_text(120, kAlnum), "pypi_token"},
      {"hf_" + random_text(34, kAlnum.substr(0, 52)), "huggingface_token"},
      {"gsk_" + random_text(52, kAlnum), "groq_api_key"},
      {"dapi" + random_text(32, kHex), "databricks_token"},
      {"SG." + random_text(22, kAlnum) + "." + random_text(43, kAlnum), "sendgrid_api_key"},
      {"dop_v1_" + random_text(64, kHex), "digitalocean_token"},
      {"hvs." + random_text(95, kAlnum), "hashicorp_vault_token"},
      {"abc"
       "8Q~" +
           random_text(34, kAlnum),
       "azure_client_secret"},
      {"AccountKey=" + random_text(86, kAlnum) + "==", "azure_storage_key"},
      {"1234567890:A" + random_text(34, kAlnum), "telegram_bot_token"},
      {random_text(14, kAlnum) + ".atlasv1." + random_text(64, kAlnum), "terraform_cloud_token"},
      {"datadog_api_key: " + random_text(32, kHex), "datadog_key"},
      {"AWS_SECRET_ACCESS_KEY=" + random_text(40, kAlnum), "aws_secret_access_key"},
  };
  for (const auto& [token, type] : cases) {
    EXPECT_EQ(type_in("Here it is: " + token + "\nUse it well."), type) << token.substr(0, 12);
    EXPECT_EQ(type_in("{\"value\":\"" + token + "\"}"), type) << token.substr(0, 12);
  }
}

TEST_F(CredentialTest, ExamplesAndPlaceholdersAreNoSecrets) {
  for (const std::string answer :
       {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "export OPENAI_API_KEY=sk-proj-your-key-goes-here-0000000000",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "api_key = os.environ[\"OPENAI_API_KEY\"]",
        "password: <your password>", "postgres://user:password@localhost:5432/app",
        "postgres://app:${DB_PASSWORD}@db/app", "token: string; key: number; secret: boolean",
        "The key to success is persistence, and the secret is practice.",
        "def get_access_token(self, client_credentials_provider):",
        "{\"confluence\": [\"searchConfluenceUsingCql\"]}",
        "STRIPE_KEY=sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "sk-learn is a library; sk-ant- is a prefix"}) {
    EXPECT_THAT(type_in(answer), IsEmpty()) << answer;
  }
}

TEST_F(CredentialTest, ChecksumOfGithubTokensIsReported) {
  const std::string body = std::string("kmNzEvFIbAVcGXlUNxjZO0K4PMuT1X");
  const Inspection wrong = engine_->inspect(text(Zone::kAssistant, "ghp_" + body + "AAbbCC"));
  ASSERT_EQ(wrong.findings.size(), 1u);
  EXPECT_EQ(wrong.findings[0].data.at("verified"), "false");
  const Inspection right = engine_->inspect(text(Zone::kAssistant,
                                                 "ghp_"
                                                 "ZZZZZZ"));
  EXPECT_THAT(right.findings, IsEmpty());
}

TEST_F(CredentialTest, PrivateKeysAndTokensWithStructure) {
  const std::string key = "-----BEGIN RSA PRIVATE KEY-----\n" + random_text(64, kAlnum) + "\n" +
                          random_text(64, kAlnum, 9) + "\n-----END RSA PRIVATE KEY-----";
  EXPECT_EQ(type_in(key), "private_key");
  EXPECT_EQ(type_in("postgres://svc:" + random_text(16, kAlnum) + "@db.internal:5432/app"),
            "connection_string");
  // {"alg":"HS256","typ":"JWT"} . {"sub":"42","name":"Ada"}
  const std::string jwt =
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsIm5hbWUiOiJBZGEifQ." +
      random_text(43, kAlnum);
  EXPECT_EQ(type_in("token: " + jwt), "jwt");
}

TEST_F(CredentialTest, GenericAssignmentsNeedRandomness) {
  EXPECT_EQ(type_in("internal_api_token = \"" + random_text(40, kAlnum) + "\""), "generic_secret");
  EXPECT_EQ(type_in("DB_PASSWORD="
                    "vT9#kq2LmZ!x"),
            "password");
  EXPECT_THAT(type_in("access_token_provider = \"default-credentials-chain\""), IsEmpty());
}

TEST_F(CredentialTest, SecretsInManifestsAndOnCommandLines) {
  const std::string random = random_text(24, kAlnum);
  EXPECT_EQ(type_in("apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  "
                    "token: cGFzczpxOHpMMmtX\n"),
            "kubernetes_secret");
  EXPECT_EQ(type_in("data:\n  extra: cGFzczpxOHpMMmtX\nkind: secret\n"), "kubernetes_secret");
  EXPECT_THAT(type_in("kind: ConfigMap\ndata:\n  extra: cGFzczpxOHpMMmtX\n"), IsEmpty());
  EXPECT_EQ(type_in("curl --user kevin:'" + random + "' https://api.internal/x"), "password");
  EXPECT_EQ(type_in("curl -k \\\n  -u dev:yqDVtkqPECriaLRi https://api.internal/x"), "password");
  EXPECT_EQ(type_in("sshpass -p '" + random + "' ssh root@db"), "password");
  EXPECT_EQ(type_in("deploy --auth-token " + random_text(40, kAlnum)), "generic_secret");
  EXPECT_EQ(type_in("machine git.internal login bot password " + random), "password");
}

TEST_F(CredentialTest, TokensThatEndInWordsAreNoSecrets) {
  EXPECT_THAT(type_in("xoxe.xoxp-1-"
                      "SlackAppConfigurationAccessTokenHere"),
              IsEmpty());
  EXPECT_THAT(type_in("xoxp-1234-1234-1234-" + random_text(32, kHex)), IsEmpty());
  EXPECT_THAT(
      type_in("<input name=\"authenticity_token\" value=\"" + random_text(60, kAlnum) + "\">"),
      IsEmpty());
}

// What a password manager's tool returns is asked for; the same password in a setting, or sent on,
// is not.
TEST_F(CredentialTest, MadeUpPasswordOfARecordCountsOnlyWhereItGoesOn) {
  const std::string record = R"({"website": "shop.test", "password": "AdaSummer2024!"})";
  EXPECT_THAT(alerts(text(Zone::kTool, record)), IsEmpty());
  EXPECT_THAT(alerts(text(Zone::kAssistant, record)), Contains("credential.response"));
  EXPECT_THAT(alerts(call("post", record)), Contains("credential.tool_call"));
  EXPECT_THAT(alerts(text(Zone::kTool, "DB_PASSWORD=AdaSummer2024!")),
              Contains("credential.prompt"));
  EXPECT_THAT(alerts(text(Zone::kTool, R"({"password": ")" + random_text(20, kAlnum) + "\"}")),
              Contains("credential.prompt"));
}

TEST_F(CredentialTest, EncodedSecretsAreDecoded) {
  // base64 of "token=ghp_" and 36 characters would be noise here; percent and hex show the way.
  const std::string token = "ghp_" + random_text(36, kAlnum);
  std::string hex;
  for (const char c : "use " + token) hex += fmt::format("{:02x}", static_cast<unsigned>(c));
  const Inspection inspection = engine_->inspect(text(Zone::kAssistant, "blob " + hex));
  ASSERT_EQ(inspection.findings.size(), 1u);
  EXPECT_EQ(inspection.findings[0].subtype, "github_token");
  EXPECT_EQ(inspection.findings[0].data.at("encoding"), "hex");
  EXPECT_THAT(inspection.findings[0].evidence, Not(HasSubstr(hex.substr(20, 20))));
  EXPECT_EQ(type_in("https://x.test/?q=%20%22" + token + "%22"), "github_token");
}

TEST_F(CredentialTest, PlaceOfTheTextDecidesTheAlert) {
  const std::string secret = "sk_live_" + random_text(24, kAlnum);
  EXPECT_THAT(alerts(text(Zone::kUser, secret)), Contains("credential.prompt"));
  EXPECT_THAT(alerts(text(Zone::kTool, secret)), Contains("credential.prompt"));
  EXPECT_THAT(alerts(call("send", "{\"body\":\"" + secret + "\"}")),
              Contains("credential.tool_call"));
  EXPECT_THAT(alerts(text(Zone::kAssistant, "nothing")), IsEmpty());
}

TEST_F(CredentialTest, SameSecretHasSameFingerprintAndNeverShows) {
  const std::string secret = "sk_live_" + random_text(24, kAlnum);
  const auto first = engine_->inspect(text(Zone::kAssistant, "Key: " + secret)).findings;
  const auto second = engine_->inspect(text(Zone::kUser, secret + " is it valid?")).findings;
  ASSERT_EQ(first.size(), 1u);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(first[0].data.at("fingerprint"), second[0].data.at("fingerprint"));
  EXPECT_EQ(first[0].evidence, "Key: [stripe_secret_key:" + first[0].data.at("fingerprint") + "]");
}

TEST_F(CredentialTest, OffsetsCountCodePoints) {
  const std::string secret = "sk_live_" + random_text(24, kAlnum);
  const auto findings =
      engine_->inspect(text(Zone::kAssistant, "Schlüssel 🔑: " + secret)).findings;
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].start, 13u);
  EXPECT_EQ(findings[0].end, 13u + secret.size());
}

}  // namespace
}  // namespace sonde::detect
