// Secrets where they really stand, and what stands in the same places and is none.
#include <string>

#include <gtest/gtest.h>

#include "agent/detect/secret_finder.h"

namespace sonde::detect {
namespace {

// Put together at run time, so that no scanner stumbles over this file.
std::string drawn(size_t length, std::string_view alphabet, uint32_t seed = 11) {
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

class SecretCarriersTest : public ::testing::Test {
 protected:
  // The types of what was found, joined by a blank.
  std::string types(std::string_view text) const {
    std::string out;
    for (const Secret& secret : finder_.find(text, literals_)) {
      if (!out.empty()) out += ' ';
      out += secret.rule->type;
    }
    return out;
  }

  LiteralSetBuilder builder_;
  SecretFinder finder_ = std::move(*SecretFinder::create(builder_));
  LiteralSet literals_ = std::move(*LiteralSet::create(builder_));
  const std::string token_ = drawn(32, kAlnum);
  const std::string hex_ = drawn(32, kHex);
  const std::string uuid_ = drawn(8, kHex) + "-" + drawn(4, kHex, 3) + "-4" + drawn(3, kHex, 5) +
                            "-a" + drawn(3, kHex, 7) + "-" + drawn(12, kHex, 9);
};

TEST_F(SecretCarriersTest, BehindTheTypeOfADeclaration) {
  for (const std::string& line : {"const mistralApiKey: string = '" + token_ + "';",
                                  "let MISTRAL_API_KEY: &'static str = \"" + token_ + "\";",
                                  "MISTRAL_API_KEY: Optional[str] = \"" + token_ + "\"",
                                  "static let mistralApiKey: String = \"" + token_ + "\"",
                                  "builder.mistralApiKey(\"" + token_ + "\")"}) {
    EXPECT_EQ(types(line), "mistral_api_key") << line;
  }
}

TEST_F(SecretCarriersTest, NameAndValueApart) {
  for (const std::string& text :
       {"- name: MISTRAL_API_KEY\n  value: " + token_,
        "{\"name\": \"MISTRAL_API_KEY\", \"value\": \"" + token_ + "\"}",
        "variable \"mistral_api_key\" {\n  type = string\n  default = \"" + token_ + "\"\n}",
        "gh secret set MISTRAL_API_KEY --body \"" + token_ + "\"",
        "I set the mistral api key to " + token_ + " but it fails",
        "use this mistral api key " + token_ + " please"}) {
    EXPECT_EQ(types(text), "mistral_api_key") << text;
  }
}

TEST_F(SecretCarriersTest, UuidIsASecretOnlyByItsName) {
  EXPECT_EQ(types("EXA_API_KEY=" + uuid_), "generic_secret");
  EXPECT_EQ(types("postmarkServerToken: '" + uuid_ + "'"), "generic_secret");
  for (const std::string_view name :
       {"request_id", "key", "primary_key", "token", "idempotency_key", "auth_user_id"}) {
    EXPECT_EQ(types(std::string(name) + "=" + uuid_), "") << name;
  }
}

TEST_F(SecretCarriersTest, PasswordsThatPeopleSay) {
  for (const std::string_view text :
       {"log in as anna with password Harb0r!2026", "Das Kennwort ist Harb0r!2026",
        "La contraseña es Harb0r!2026", "le mot de passe est Harb0r!2026", "密码是 Harb0r!2026",
        "the root pw is Harb0r!2026", "the password for the admin account is Harb0r!2026.",
        "creds are anna / Harb0r!2026", "CREATE USER app IDENTIFIED BY 'Harb0r!2026'",
        "mysql -h db -u app -pHarb0r!2026 orders", "redis-cli -h db -a Harb0r!2026 ping",
        "const adminPass = \"Harb0r!2026\""}) {
    EXPECT_EQ(types(text), "password") << text;
  }
  for (const std::string_view text :
       {"the password must have 12 characters", "I forgot my password yesterday",
        "password reset link", "He passed: 12 of 20.", "\"minipass\": \"^7.1.3\"",
        "'last_pass_time' => '1219328376.07815'", "password = getpass.getpass()",
        "mysql -u root -p orders", "pass the salt2 please", "password=abc123"}) {
    EXPECT_EQ(types(text), "") << text;
  }
}

TEST_F(SecretCarriersTest, CredentialFiles) {
  const std::string password = "k7Gq2vXw9LmT4";
  EXPECT_EQ(types("db.internal:5432:orders:app:" + password), "pgpass_password");
  EXPECT_EQ(types("app:" + password + "@tcp(db.internal:3306)/orders"), "connection_string");
  EXPECT_EQ(types("jdbc:oracle:thin:app/" + password + "@db:1521:X"), "connection_string");
  EXPECT_EQ(types("postgresql+psycopg2://app:" + password + "@db/orders"), "connection_string");
  EXPECT_EQ(types("admin:$apr1$" + drawn(8, kAlnum) + "$" + drawn(22, kAlnum)), "password_hash");
  EXPECT_EQ(types("Set-Cookie: PHPSESSID=" + token_ + "; path=/"), "session_cookie");
  EXPECT_EQ(types("[Interface]\nPrivateKey = " + drawn(43, kAlnum) + "="), "private_key");
  EXPECT_EQ(types(R"({"kty":"OKP","d":")" + drawn(43, kAlnum) + R"(","x":"AAA"})"), "private_key");
  EXPECT_EQ(types("Cookie: theme=dark; lang=en-GB-oxendict-2024"), "");
}

TEST_F(SecretCarriersTest, PublicNamesAndConstants) {
  for (const std::string& line :
       {"recaptcha_site_key: 6L" + drawn(38, kAlnum), "public key: pk_live_" + drawn(24, kAlnum),
        "\"nextPageToken\": \"" + drawn(40, kAlnum) + "\"",
        std::string("enum { GNUTLS_PKCS11_TOKEN_LABEL, GNUTLS_PKCS11_TOKEN_SERIAL }"),
        std::string("STACK_OF(SRP_user_pwd, SRP_user_pwd, SRP_user_pwd)")}) {
    EXPECT_EQ(types(line), "") << line;
  }
}

// An expression is shown no more of a text than it can match, wherever the text ends.
TEST_F(SecretCarriersTest, LongSecretsInLongTexts) {
  const std::string prose(300000, ' ');
  std::string key = "-----BEGIN RSA PRIVATE KEY-----\n";
  for (uint32_t i = 0; i < 60; ++i) key += drawn(64, kAlnum, i) + "\n";
  key += "-----END RSA PRIVATE KEY-----";
  const auto found = finder_.find(prose + key + prose, literals_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].start, prose.size());
  EXPECT_EQ(found[0].end, prose.size() + key.size());
}

// A password that its element declares to be one needs no other proof.
TEST_F(SecretCarriersTest, PasswordOfAPackageSource) {
  const std::string before = "<add key=\"ClearTextPassword\" value=\"";
  EXPECT_EQ(types(before + "Winter-Source\" />"), "nuget_password");
  EXPECT_EQ(types("<add key=\"Password\" value=\"CleartextPassword1\" />"), "nuget_password");
  EXPECT_EQ(types(before + "%FEED_PASSWORD%\" />"), "");
  EXPECT_EQ(types(before + "33f!!lloppa\" />"), "");  // of the manual
  EXPECT_EQ(types("<add key=\"PasswordHint\" value=\"Winter-Source\" />"), "");
}

// What stands inside of a token of PyPI proves it: location, identifier, signature.
TEST_F(SecretCarriersTest, MacaroonOfPyPI) {
  const auto verified = [&](std::string_view token) {
    const std::vector<Secret> found = finder_.find(token, literals_);
    return found.size() == 1 && found[0].rule->type == "pypi_token" && found[0].verified;
  };
  // 02 | 01 08 "pypi.org" | 02 24 identifier | 00 | 00 | 06 20 signature
  const std::string whole =
      "pypi-AgEIcHlwaS5vcmcCJDExMTExMTExLTIyMjItMzMzMy00NDQ0LTU1NTU1NTU1NTU1NQAABiAKFyQxPktYZXJ_j"
      "Jmms8DN2uf0AQ4bKDVCT1xpdoOQnQ";
  EXPECT_TRUE(verified(whole));
  EXPECT_FALSE(verified(whole.substr(0, whole.size() - 8)));
}

TEST_F(SecretCarriersTest, FormsOfMoreProviders) {
  EXPECT_EQ(types("mlsn." + drawn(64, kHex)), "mailersend_token");
  EXPECT_EQ(types("ptr_" + drawn(43, kAlnum) + "="), "portainer_token");
  EXPECT_EQ(types("unkey_" + drawn(24, kAlnum)), "unkey_root_key");
  EXPECT_EQ(types("zpka_" + hex_ + "_" + drawn(8, kHex)), "zuplo_key");
  EXPECT_EQ(types("signkey-prod-" + drawn(64, kHex)), "inngest_signing_key");
  EXPECT_EQ(types("AKLT" + drawn(42, kAlnum)), "volcengine_access_key");
  EXPECT_EQ(types("the dataset-classification-training folder"), "");
  EXPECT_EQ(types("tr_dev_environmentvariables"), "");
}

}  // namespace
}  // namespace sonde::detect
