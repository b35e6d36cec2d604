// OpenID Connect: login at an identity provider, with the authorization code flow and PKCE
// (OpenID Connect Core 1.0; RFC 7636; RFC 9700 for what is left out).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/accounts.h"

namespace sonde::api {

struct OidcConfig {
  std::string issuer;  // "https://login.example.com/realms/main"; empty: no such login
  std::string client_id;
  std::string client_secret;  // empty: a public client
  std::string redirect_url;   // https://PORTAL/api/v1/sessions/oidc/callback
  std::string label = "single sign-on";
  std::string ca;  // PEM file; empty: the system's
  // The claim that holds groups (a string or a list), and which of them mean which role. Nobody
  // outside of these gets in.
  std::string groups_claim = "groups";
  std::vector<std::string> admin_groups;
  std::vector<std::string> analyst_groups;
  std::vector<std::string> viewer_groups;

  bool enabled() const { return !issuer.empty(); }
};

struct Identity {
  std::string subject;  // issuer and subject, which nobody else ever gets
  std::string name;     // what to call the person
  store::Role role = store::Role::kViewer;
};

// Error::code where the provider vouches for a person whom no group lets in.
inline constexpr int kNotAllowed = 1;

// Thread-safe. Asks the provider for its description and keys when first needed.
class OidcClient {
 public:
  explicit OidcClient(const OidcConfig& config);
  ~OidcClient();

  // Where to send the browser.
  Result<std::string> authorization_url(const std::string& state, const std::string& nonce,
                                        const std::string& verifier, int64_t now_ms);
  // Redeems the code, and checks the ID token down to its nonce.
  Result<Identity> redeem(const std::string& code, const std::string& verifier,
                          const std::string& nonce, int64_t now_ms);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::api
