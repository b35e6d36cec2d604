#include "collector/api/oidc.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "agent/egress/http_client.h"
#include "collector/api/jwt.h"

namespace sonde::api {
namespace {

using Json = nlohmann::json;
using egress::HttpClient;

constexpr int64_t kRefreshMs = 3'600'000;
constexpr int64_t kKeyRefreshMs = 10'000;  // at the soonest, so that nobody makes us ask for ever
constexpr int64_t kClockSkewSeconds = 60;

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    fmt::format_to(std::back_inserter(text), "{}{}={}", text.empty() ? "" : "&", name,
                   percent_encode(value));
  }
  return text;
}

std::string base64(std::string_view text, bool url) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  if (!url) return out;
  while (out.ends_with('=')) out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return {digest.begin(), digest.begin() + size};
}

std::string text_of(const Json& json, const std::string& name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

bool is_or_holds(const Json& claims, const std::string& name, const std::string& wanted) {
  const auto found = claims.find(name);
  if (found == claims.end()) return false;
  if (found->is_string()) return *found == wanted;
  return found->is_array() && std::find(found->begin(), found->end(), wanted) != found->end();
}

std::optional<store::Role> role_of(const OidcConfig& config, const Json& claims) {
  const auto among = [&](const std::vector<std::string>& groups) {
    return std::any_of(groups.begin(), groups.end(), [&](const std::string& group) {
      return is_or_holds(claims, config.groups_claim, group);
    });
  };
  if (among(config.admin_groups)) return store::Role::kAdmin;
  if (among(config.analyst_groups)) return store::Role::kAnalyst;
  if (among(config.viewer_groups)) return store::Role::kViewer;
  return std::nullopt;
}

std::string person_name(const Json& claims) {
  for (const char* claim : {"preferred_username", "email", "sub"}) {
    if (std::string name = text_of(claims, claim); !name.empty()) return name;
  }
  return "user";
}

Result<Json> json_of(const Result<egress::HttpAnswer>& answer, std::string_view what) {
  if (!answer.ok()) return tl::unexpected<Error>(answer.error());
  Json json = Json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !json.is_object()) {
    return fail(fmt::format("the identity provider answers {} for {}", answer->status, what));
  }
  return json;
}

}  // namespace

struct OidcClient::Impl {
  OidcConfig config;
  std::mutex mutex;
  std::unique_ptr<HttpClient> http;
  Json description;
  Json keys;
  int64_t described_ms = 0;
  int64_t keys_ms = 0;

  Status describe(int64_t now_ms);
  Status fetch_keys(int64_t now_ms);
  Result<Json> verify(const std::string& token, int64_t now_ms);
  Status check(const Json& claims, const std::string& nonce, int64_t now_ms) const;
  Result<std::string> fetch_id_token(const std::string& code, const std::string& verifier);
};

// OpenID Connect Discovery 1.0, 4.
Status OidcClient::Impl::describe(int64_t now_ms) {
  if (description.is_object() && now_ms - described_ms < kRefreshMs) return {};
  if (!http) {
    egress::HttpOptions options;
    options.ca = config.ca;
    options.timeout = std::chrono::seconds(10);
    auto made = HttpClient::create(options);
    if (!made.ok()) return tl::unexpected<Error>(made.error());
    http = std::move(*made);
  }
  std::string base = config.issuer;
  while (base.ends_with('/')) base.pop_back();
  auto found = json_of(http->get(base + "/.well-known/openid-configuration"), "its description");
  if (!found.ok()) return tl::unexpected<Error>(found.error());
  if (text_of(*found, "issuer") != config.issuer) {
    return fail("the identity provider's description names another issuer");
  }
  for (const char* endpoint : {"authorization_endpoint", "token_endpoint", "jwks_uri"}) {
    if (!egress::url_problem(text_of(*found, endpoint)).empty()) {
      return fail(fmt::format("the identity provider's {} is no https URL", endpoint));
    }
  }
  description = std::move(*found);
  described_ms = now_ms;
  return {};
}

Status OidcClient::Impl::fetch_keys(int64_t now_ms) {
  auto found = json_of(http->get(text_of(description, "jwks_uri")), "its keys");
  if (!found.ok()) return tl::unexpected<Error>(found.error());
  keys = std::move(*found);
  keys_ms = now_ms;
  return {};
}

// Fetches the keys again where the token's is not among them: the provider may have changed it.
Result<Json> OidcClient::Impl::verify(const std::string& token, int64_t now_ms) {
  if (!keys.is_object()) {
    if (const Status fetched = fetch_keys(now_ms); !fetched.ok()) {
      return tl::unexpected<Error>(fetched.error());
    }
  }
  auto claims = verify_jwt(token, keys);
  const bool stale = now_ms - keys_ms >= kKeyRefreshMs;
  if (!claims.ok() && claims.error().code == kUnknownKey && stale) {
    if (const Status fetched = fetch_keys(now_ms); !fetched.ok()) {
      return tl::unexpected<Error>(fetched.error());
    }
    claims = verify_jwt(token, keys);
  }
  if (!claims.ok()) return fail(claims.error().message);
  return claims;
}

// OpenID Connect Core 1.0, 3.1.3.7.
Status OidcClient::Impl::check(const Json& claims, const std::string& nonce, int64_t now_ms) const {
  const auto number = [&](const char* name) {
    const auto found = claims.find(name);
    return found != claims.end() && found->is_number() ? found->get<int64_t>() : int64_t{0};
  };
  const int64_t now = now_ms / 1000;
  if (text_of(claims, "iss") != config.issuer) return fail("the ID token is of another issuer");
  if (!is_or_holds(claims, "aud", config.client_id)) {
    return fail("the ID token is meant for someone else");
  }
  if (claims.contains("azp") && text_of(claims, "azp") != config.client_id) {
    return fail("the ID token was issued to someone else");
  }
  if (number("exp") <= now - kClockSkewSeconds) return fail("the ID token has expired");
  if (number("iat") > now + kClockSkewSeconds) return fail("the ID token is from the future");
  if (text_of(claims, "nonce") != nonce) return fail("the ID token answers another login");
  if (text_of(claims, "sub").empty()) return fail("the ID token names nobody");
  return {};
}

Result<std::string> OidcClient::Impl::fetch_id_token(const std::string& code,
                                                     const std::string& verifier) {
  std::vector<std::string> headers = {"Content-Type: application/x-www-form-urlencoded",
                                      "Accept: application/json"};
  if (!config.client_secret.empty()) {
    // Both parts are form-encoded first (RFC 6749, 2.3.1).
    const std::string pair =
        percent_encode(config.client_id) + ":" + percent_encode(config.client_secret);
    headers.push_back("Authorization: Basic " + base64(pair, false));
  }
  const std::string body = form({{"grant_type", "authorization_code"},
                                 {"code", code},
                                 {"redirect_uri", config.redirect_url},
                                 {"client_id", config.client_id},
                                 {"code_verifier", verifier}});
  const auto answer =
      json_of(http->post(text_of(description, "token_endpoint"), headers, body), "the code");
  if (!answer.ok()) return tl::unexpected<Error>(answer.error());
  std::string token = text_of(*answer, "id_token");
  if (token.empty()) return fail("the identity provider gave no ID token");
  return token;
}

OidcClient::OidcClient(const OidcConfig& config) : impl_(std::make_unique<Impl>()) {
  impl_->config = config;
}
OidcClient::~OidcClient() = default;

Result<std::string> OidcClient::authorization_url(const std::string& state,
                                                  const std::string& nonce,
                                                  const std::string& verifier, int64_t now_ms) {
  const std::lock_guard lock(impl_->mutex);
  if (const Status described = impl_->describe(now_ms); !described.ok()) {
    return tl::unexpected<Error>(described.error());
  }
  const std::string endpoint = text_of(impl_->description, "authorization_endpoint");
  return endpoint + (endpoint.find('?') == std::string::npos ? "?" : "&") +
         form({{"response_type", "code"},
               {"client_id", impl_->config.client_id},
               {"redirect_uri", impl_->config.redirect_url},
               {"scope", "openid profile email"},
               {"state", state},
               {"nonce", nonce},
               {"code_challenge", base64(sha256(verifier), true)},
               {"code_challenge_method", "S256"}});
}

Result<Identity> OidcClient::redeem(const std::string& code, const std::string& verifier,
                                    const std::string& nonce, int64_t now_ms) {
  const std::lock_guard lock(impl_->mutex);
  if (const Status described = impl_->describe(now_ms); !described.ok()) {
    return tl::unexpected<Error>(described.error());
  }
  const auto token = impl_->fetch_id_token(code, verifier);
  if (!token.ok()) return tl::unexpected<Error>(token.error());
  const auto claims = impl_->verify(*token, now_ms);
  if (!claims.ok()) return tl::unexpected<Error>(claims.error());
  if (const Status checked = impl_->check(*claims, nonce, now_ms); !checked.ok()) {
    return tl::unexpected<Error>(checked.error());
  }
  const auto role = role_of(impl_->config, *claims);
  if (!role) return fail("no group of this person is known here", kNotAllowed);
  return Identity{impl_->config.issuer + " " + text_of(*claims, "sub"), person_name(*claims),
                  *role};
}

}  // namespace sonde::api
