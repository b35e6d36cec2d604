// Login at an identity provider: a provider of our own that answers right, and in every wrong way.
#include "collector/api/oidc.h"

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "collector/api/jwt.h"
#include "collector/api/url.h"
#include "tests/collector/support/http_server.h"
#include "tests/collector/support/service.h"

namespace sonde::api {
namespace {

using nlohmann::json;
using testing::HttpCall;
using testing::HttpReply;

std::string base64url(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  out.resize(static_cast<size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(out.data()),
      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()))));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::string number_bytes(EVP_PKEY* key, const char* name, size_t size = 0) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  std::string bytes(std::max(size, static_cast<size_t>(BN_num_bytes(number))), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()),
               static_cast<int>(bytes.size()));
  BN_free(number);
  return bytes;
}

// A signing key of the provider.
class SigningKey {
 public:
  SigningKey(std::string id, bool rsa)
      : id_(std::move(id)), rsa_(rsa), key_(rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256")) {}
  ~SigningKey() { EVP_PKEY_free(key_); }
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;

  json jwk() const {
    if (rsa_) {
      return {{"kty", "RSA"},
              {"use", "sig"},
              {"kid", id_},
              {"n", base64url(number_bytes(key_, OSSL_PKEY_PARAM_RSA_N))},
              {"e", base64url(number_bytes(key_, OSSL_PKEY_PARAM_RSA_E))}};
    }
    return {{"kty", "EC"},
            {"crv", "P-256"},
            {"kid", id_},
            {"x", base64url(number_bytes(key_, OSSL_PKEY_PARAM_EC_PUB_X, 32))},
            {"y", base64url(number_bytes(key_, OSSL_PKEY_PARAM_EC_PUB_Y, 32))}};
  }
  std::string sign(const json& claims) const {
    const json header = {{"alg", rsa_ ? "RS256" : "ES256"}, {"kid", id_}};
    const std::string text = base64url(header.dump()) + "." + base64url(claims.dump());
    return text + "." + base64url(signature(text));
  }

 private:
  std::string signature(const std::string& text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::string out(512, '\0');
    size_t size = out.size();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_);
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    out.resize(size);
    if (rsa_) return out;
    const auto* der = reinterpret_cast<const unsigned char*>(out.data());
    ECDSA_SIG* parts = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size));
    std::string raw(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(parts), reinterpret_cast<unsigned char*>(raw.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parts), reinterpret_cast<unsigned char*>(raw.data()) + 32, 32);
    ECDSA_SIG_free(parts);
    return raw;
  }

  std::string id_;
  bool rsa_;
  EVP_PKEY* key_;
};

TEST(JwtTest, OnlyARightSignatureOfAKnownKeyCounts) {
  const SigningKey rsa("r", true);
  const SigningKey ec("e", false);
  const SigningKey stranger("r", true);
  const json keys = {{"keys", {rsa.jwk(), ec.jwk()}}};
  const json claims = {{"sub", "ada"}};
  EXPECT_EQ((*verify_jwt(rsa.sign(claims), keys))["sub"], "ada");
  EXPECT_EQ((*verify_jwt(ec.sign(claims), keys))["sub"], "ada");
  EXPECT_FALSE(verify_jwt(stranger.sign(claims), keys).ok());
  EXPECT_EQ(verify_jwt(SigningKey("new", true).sign(claims), keys).error().code, kUnknownKey);
  const std::string payload = base64url(claims.dump());
  for (const json& header : {json{{"alg", "none"}}, json{{"alg", "HS256"}, {"kid", "r"}}, json{},
                             json{{"alg", "RS256"}, {"kid", "r"}, {"crit", {"x"}}}}) {
    EXPECT_FALSE(verify_jwt(base64url(header.dump()) + "." + payload + ".", keys).ok()) << header;
  }
  const std::string good = rsa.sign(claims);
  for (size_t length = 0; length < good.size(); length += 7) {
    EXPECT_FALSE(verify_jwt(good.substr(0, length), keys).ok()) << length;
  }
  std::string forged = good;
  forged[good.find('.') + 3] ^= 1;
  EXPECT_FALSE(verify_jwt(forged, keys).ok());
  for (const json& wrong : {json{}, json{{"keys", 1}}, json{{"keys", {1, "x", json::object()}}},
                            json{{"keys", {{{"kty", "RSA"}, {"kid", "r"}}}}}}) {
    EXPECT_FALSE(verify_jwt(good, wrong).ok()) << wrong;
  }
}

class OidcTest : public testing::StoreTest {
 protected:
  OidcTest()
      : provider_([this](const HttpCall& call) { return answer(call); }),
        writer_(pool(), {}, [] {}) {
    ApiConfig config;
    config.oidc.issuer = provider_.url();
    config.oidc.client_id = "sonde";
    config.oidc.client_secret = "s3cret/+";
    config.oidc.redirect_url = "https://portal.example/api/v1/sessions/oidc/callback";
    config.oidc.admin_groups = {"sec-admins"};
    config.oidc.viewer_groups = {"staff"};
    context_ = std::make_unique<Context>(
        pool(), writer_, events_, metrics_, [this] { return now_ms_; }, config);
    service_ = std::make_unique<Service>(*context_);
    claims_ = {{"iss", provider_.url()},
               {"aud", "sonde"},
               {"sub", "u-1"},
               {"preferred_username", "ada lovelace"},
               {"groups", {"staff", "sec-admins"}},
               {"iat", now_ms_ / 1000},
               {"exp", now_ms_ / 1000 + 300}};
  }

  HttpReply answer(const HttpCall& call) {
    const std::string base = provider_.url();
    if (call.target == "/.well-known/openid-configuration") {
      return {200,
              json{{"issuer", base},
                   {"authorization_endpoint", base + "/authorize"},
                   {"token_endpoint", base + "/token"},
                   {"jwks_uri", base + "/keys"}}
                  .dump(),
              ""};
    }
    if (call.target == "/keys") return {200, json{{"keys", {key_->jwk()}}}.dump(), ""};
    if (call.target != "/token") return {404, "{}", ""};
    json claims = claims_;
    if (!claims.contains("nonce")) claims["nonce"] = nonce_;
    return {200, json{{"id_token", key_->sign(claims)}, {"token_type", "Bearer"}}.dump(), ""};
  }

  Response send(const std::string& target, const std::string& cookie = "") {
    Request request;
    request.method = "GET";
    request.target = target;
    const size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = *parse_query(target.substr(question + 1));
    request.remote_address = "192.0.2.7";
    if (!cookie.empty()) request.headers.emplace_back("cookie", cookie);
    const Admission admission = service_->admit(request);
    return admission.refused ? *admission.refused : service_->handle(request, admission);
  }
  static std::string header(const Response& response, const std::string& name, size_t skip = 0) {
    for (const auto& [key, value] : response.headers) {
      if (key == name && skip-- == 0) return value;
    }
    return "";
  }
  static std::string parameter(const std::string& url, const std::string& name) {
    const size_t question = url.find('?');
    if (question == std::string::npos) return "";
    const auto query = parse_query(url.substr(question + 1));
    if (!query) return "";
    for (const auto& [key, value] : *query) {
      if (key == name) return value;
    }
    return "";
  }
  struct Begun {
    std::string location;
    std::string state;
    std::string cookie;
  };
  Begun begin() {
    now_ms_ += 60'000;  // the rate limit is not what is tested here
    const Response response = send("/api/v1/sessions/oidc");
    EXPECT_EQ(response.status, 303);
    Begun begun;
    begun.location = header(response, "Location");
    begun.state = parameter(begun.location, "state");
    nonce_ = parameter(begun.location, "nonce");
    const std::string cookie = header(response, "Set-Cookie");
    begun.cookie = cookie.substr(0, cookie.find(';'));
    claims_["exp"] = claims_.value("expired", false) ? 1 : now_ms_ / 1000 + 300;
    return begun;
  }
  // How a whole login ends: "done", "refused", "not_allowed".
  std::string log_in() {
    const Begun begun = begin();
    last_ = send("/api/v1/sessions/oidc/callback?code=c0de&state=" + begun.state, begun.cookie);
    EXPECT_EQ(last_.status, 303);
    return parameter(header(last_, "Location"), "login");
  }

  int64_t now_ms_ = 1'763'880'000'000;
  // Making an RSA key takes a second: one for all tests.
  static std::shared_ptr<SigningKey> rsa_key() {
    static const auto kKey = std::make_shared<SigningKey>("k1", true);
    return kKey;
  }
  std::shared_ptr<SigningKey> key_ = rsa_key();
  json claims_;
  std::string nonce_;
  Response last_;
  testing::HttpServer provider_;
  Metrics metrics_;
  EventHub events_{8};
  store::IngestWriter writer_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<Service> service_;
};
SONDE_ON_BOTH_STORES(OidcTest);

TEST_P(OidcTest, APersonOfAGroupGetsASessionOfItsRole) {
  const Begun begun = begin();
  EXPECT_TRUE(begun.location.starts_with(provider_.url() + "/authorize?"));
  EXPECT_EQ(parameter(begun.location, "code_challenge_method"), "S256");
  EXPECT_EQ(parameter(begun.location, "scope"), "openid profile email");
  EXPECT_EQ(log_in(), "done");
  const std::string session = header(last_, "Set-Cookie", 1);
  EXPECT_TRUE(session.starts_with("__Host-sonde_session=")) << session;
  const json me = json::parse(send("/api/v1/me", session.substr(0, session.find(';'))).body);
  EXPECT_EQ(me["username"], "ada-lovelace");
  EXPECT_EQ(me["role"], "admin");
  for (const HttpCall& call : provider_.calls()) {
    if (call.target != "/token") continue;
    EXPECT_EQ(call.headers.at("authorization"), "Basic c29uZGU6czNjcmV0JTJGJTJC");
    EXPECT_NE(call.body.find("code_verifier="), std::string::npos);
  }
  claims_["groups"] = "staff";
  EXPECT_EQ(log_in(), "done");
  const auto users = context_->accounts.users();
  ASSERT_EQ(users->size(), 1U) << "the same account";
  EXPECT_EQ(users->front().role, store::Role::kViewer) << "with the role of today";
  EXPECT_FALSE((*context_->accounts.check_password("ada-lovelace", "")).has_value());
}

TEST_P(OidcTest, AWrongAnswerOpensNothing) {
  const json good = claims_;
  const auto with = [&](const char* claim, json value) {
    claims_ = good;
    claims_[claim] = std::move(value);
    return log_in();
  };
  EXPECT_EQ(with("aud", "someone else"), "refused");
  EXPECT_EQ(with("iss", "https://elsewhere.example"), "refused");
  EXPECT_EQ(with("nonce", "of another login"), "refused");
  EXPECT_EQ(with("azp", "someone else"), "refused");
  EXPECT_EQ(with("expired", true), "refused");
  EXPECT_EQ(with("iat", 4'000'000'000), "refused");
  EXPECT_EQ(with("groups", {"visitors"}), "not_allowed");
  EXPECT_EQ(with("groups", 7), "not_allowed");
  EXPECT_TRUE(context_->accounts.users()->empty());
  EXPECT_EQ(with("aud", {"other", "sonde"}), "done");
}

TEST_P(OidcTest, ALoginBelongsToTheBrowserThatBeganItAndEndsOnce) {
  const Begun begun = begin();
  const std::string back = "/api/v1/sessions/oidc/callback?code=c0de&state=" + begun.state;
  const auto result = [&](const std::string& target, const std::string& cookie) {
    return parameter(header(send(target, cookie), "Location"), "login");
  };
  EXPECT_EQ(result(back, ""), "refused");
  EXPECT_EQ(result(back, "__Host-sonde_login=another"), "refused");
  EXPECT_EQ(result("/api/v1/sessions/oidc/callback?error=access_denied", begun.cookie), "refused");
  EXPECT_EQ(result(back, begun.cookie), "done");
  EXPECT_EQ(result(back, begun.cookie), "refused") << "once";
  const Begun late = begin();
  now_ms_ += 600'000;
  EXPECT_EQ(result("/api/v1/sessions/oidc/callback?code=c0de&state=" + late.state, late.cookie),
            "refused");
}

TEST_P(OidcTest, AProviderMayChangeItsKey) {
  EXPECT_EQ(log_in(), "done");
  key_ = std::make_shared<SigningKey>("k2", false);
  EXPECT_EQ(log_in(), "done");
}

TEST_P(OidcTest, TwoPeopleOfOneNameAreTwoAccounts) {
  EXPECT_EQ(log_in(), "done");
  claims_["sub"] = "u-2";
  EXPECT_EQ(log_in(), "done");
  const auto users = context_->accounts.users();
  ASSERT_EQ(users->size(), 2U);
  EXPECT_EQ((*users)[1].username, "ada-lovelace-2");
}

}  // namespace
}  // namespace sonde::api
