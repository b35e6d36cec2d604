#include "collector/api/auth.h"

#include <algorithm>

#include <fmt/format.h>

#include "collector/api/handlers.h"
#include "collector/store/secrets.h"

namespace sonde::api {
namespace {

using store::Role;

// The prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2).
constexpr std::string_view kCookieName = "__Host-sonde_session";

Authentication refused(Response response) { return {{}, std::move(response)}; }

Authentication unknown(Context& context, const Error& error) {
  return refused(store_failed(context, error));
}

Authentication by_certificate(Context& context, const PeerCertificate& peer) {
  if (!store::agent_id_problem(peer.common_name).empty()) {
    return refused(problem(403, "the certificate's common name is no agent id"));
  }
  const auto revoked = context.fleet.is_revoked(peer.common_name, peer.fingerprint);
  if (!revoked.ok()) return unknown(context, revoked.error());
  if (*revoked) return refused(problem(403, "the certificate is revoked"));
  Caller caller;
  caller.kind = Caller::Kind::kCertificate;
  caller.role = Role::kAgent;
  caller.name = peer.common_name;
  caller.actor = "agent:" + peer.common_name;
  return {caller, std::nullopt};
}

Authentication by_token(Context& context, std::string_view secret) {
  const auto found = context.accounts.find_token(secret, context.now_ms());
  if (!found.ok()) return unknown(context, found.error());
  if (!*found) return refused(problem(401, "the token is unknown, revoked or expired"));
  const store::Token& token = **found;
  if (token.role == Role::kAgent) {
    const auto revoked = context.fleet.is_revoked(token.name, "");
    if (!revoked.ok()) return unknown(context, revoked.error());
    if (*revoked) return refused(problem(403, "the agent is revoked"));
  }
  // Once a minute is precise enough to find forgotten tokens, and costs no write per request.
  if (token.last_used_ms.value_or(0) + 60'000 < context.now_ms()) {
    const auto noted = context.accounts.note_token_use(token.id, context.now_ms());
    if (!noted.ok()) store_failed(context, noted.error());
  }
  Caller caller;
  caller.kind = Caller::Kind::kToken;
  caller.role = token.role;
  caller.name = token.name;
  caller.actor = token.role == Role::kAgent ? "agent:" + token.name
                                            : fmt::format("token:{} {}", token.id, token.name);
  caller.expires_ms = token.expires_ms;
  caller.scopes = token.scopes;
  return {caller, std::nullopt};
}

Authentication by_session(Context& context, std::string_view secret) {
  const auto found = context.accounts.find_session(secret, context.now_ms());
  if (!found.ok()) return unknown(context, found.error());
  if (!*found) return refused(problem(401, "the session is over: log in again"));
  const store::Session& session = **found;
  Caller caller;
  caller.kind = Caller::Kind::kSession;
  caller.role = session.user.role;
  caller.name = session.user.username;
  caller.actor = "user:" + session.user.username;
  caller.session = secret;
  caller.csrf_token = session.csrf_token;
  caller.expires_ms = session.expires_ms;
  caller.must_change = session.user.must_change;
  return {caller, std::nullopt};
}

// Schemes know no case (RFC 9110, 11.1).
std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() < kScheme.size()) return std::nullopt;
  const bool bearer =
      std::equal(kScheme.begin(), kScheme.end(), authorization.begin(), [](char want, char c) {
        return want == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
      });
  if (!bearer) return std::nullopt;
  return authorization.substr(kScheme.size());
}

bool role_suffices(Role role, Access access) {
  switch (access) {
    case Access::kNobody:
      return true;
    case Access::kAgent:
      return role == Role::kAgent;
    case Access::kViewer:
      return role != Role::kAgent;
    case Access::kAnalyst:
      return role == Role::kAnalyst || role == Role::kAdmin;
    case Access::kAdmin:
      return role == Role::kAdmin;
  }
  return false;
}

}  // namespace

std::string_view cookie_value(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

Authentication authenticate(Context& context, const Request& request) {
  // What was stated for this request wins over what belongs to the connection or the browser.
  const std::string_view authorization = request.header("authorization");
  if (const auto secret = bearer_token(authorization)) return by_token(context, *secret);
  if (!authorization.empty()) return refused(problem(401, "only Bearer tokens are accepted"));
  if (request.peer) return by_certificate(context, *request.peer);
  if (const std::string_view cookie = cookie_value(request.header("cookie"), kCookieName);
      !cookie.empty()) {
    return by_session(context, cookie);
  }
  return {};
}

std::optional<Response> authorize(const Caller& caller, Access access, std::string_view area,
                                  const Request& request) {
  if (access == Access::kNobody) return std::nullopt;
  if (caller.kind == Caller::Kind::kNobody) {
    return problem(401, "log in, or send a token or a client certificate");
  }
  if (!role_suffices(caller.role, access)) return problem(403, "your role does not allow this");
  if (area != "session") {
    if (caller.must_change) return problem(403, "choose another password first");
    if (!caller.scopes.empty() &&
        std::find(caller.scopes.begin(), caller.scopes.end(), area) == caller.scopes.end()) {
      return problem(403, "the token is not meant for this");
    }
  }
  const bool changes = request.method != "GET" && request.method != "HEAD";
  if (caller.kind == Caller::Kind::kSession && changes &&
      !store::equal_constant_time(request.header("x-csrf-token"), caller.csrf_token)) {
    return problem(403, "the header X-CSRF-Token is missing or wrong");
  }
  return std::nullopt;
}

std::string session_cookie(const std::string& secret, int64_t lifetime_ms) {
  return fmt::format("{}={}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Strict", kCookieName,
                     secret, lifetime_ms / 1000);
}

std::string expired_session_cookie() {
  return fmt::format("{}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict", kCookieName);
}

}  // namespace sonde::api
