// Logging in at the identity provider: out to it, and back.
#include <fmt/format.h>

#include "collector/api/handlers.h"
#include "collector/api/oidc.h"
#include "collector/api/query.h"
#include "collector/api/render.h"
#include "collector/store/secrets.h"

namespace sonde::api {
namespace {

constexpr int64_t kLoginMs = 600'000;
// Binds the login to the browser that began it: without it, someone could have another person's
// browser finish a login of their own (RFC 9700, 4.7). Lax, since it comes back from elsewhere.
constexpr std::string_view kCookieName = "__Host-sonde_login";

std::string login_cookie(const std::string& state, int64_t lifetime_ms) {
  return fmt::format("{}={}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax", kCookieName,
                     state, lifetime_ms / 1000);
}

Response redirect(const std::string& location) {
  Response response;
  response.status = 303;
  response.content_type = "text/plain";
  response.headers.emplace_back("Location", location);
  return response;
}

// Back to the portal, which tells the person; `why` is one of the words it knows.
Response back(std::string_view why) {
  Response response = redirect(fmt::format("/?login={}", why));
  response.headers.emplace_back("Set-Cookie", login_cookie("", 0));
  return response;
}

std::string query_value(const Request& request, std::string_view name) {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value.size() <= 4096 ? value : "";
  }
  return "";
}

}  // namespace

Response begin_oidc(Context& context, const Request& request, const Caller&, const PathValues&) {
  if (!context.config.oidc.enabled()) return problem(404, "there is no such login here");
  const int64_t now = context.now_ms();
  const int wait = context.login_rate.take("address:" + request.remote_address, now);
  if (wait > 0) return retry_later(429, wait, "too many attempts to log in");
  const std::string state = store::random_secret();
  const store::PendingLogin pending{store::random_secret(), store::random_secret()};
  const auto url = context.oidc.authorization_url(state, pending.nonce, pending.verifier, now);
  if (!url.ok()) {
    context.config.report(url.error().message);
    return back("unreachable");
  }
  const Status begun = context.external_logins.begin(state, pending, now + kLoginMs);
  if (!begun.ok()) return store_failed(context, begun.error());
  Response response = redirect(*url);
  response.headers.emplace_back("Set-Cookie", login_cookie(state, kLoginMs));
  return response;
}

Response finish_oidc(Context& context, const Request& request, const Caller&, const PathValues&) {
  if (!context.config.oidc.enabled()) return problem(404, "there is no such login here");
  const std::string state = query_value(request, "state");
  const std::string code = query_value(request, "code");
  const std::string_view bound = cookie_value(request.header("cookie"), kCookieName);
  const int64_t now = context.now_ms();
  if (state.empty() || code.empty() || !store::equal_constant_time(state, bound)) {
    return back("refused");
  }
  const auto pending = context.external_logins.take(state, now);
  if (!pending.ok()) return store_failed(context, pending.error());
  if (!*pending) return back("refused");
  const auto identity = context.oidc.redeem(code, (*pending)->verifier, (*pending)->nonce, now);
  if (!identity.ok()) {
    Caller nobody;
    nobody.actor = "anonymous";
    context.metrics.add(Counter::kLoginsFailed);
    audit(context, request, nobody, "session.refused", "oidc", identity.error().message);
    return back(identity.error().code == kNotAllowed ? "not_allowed" : "refused");
  }
  const auto user =
      context.external_logins.account_of(identity->subject, identity->name, identity->role, now);
  if (!user.ok()) return store_failed(context, user.error());
  const OpenedSession opened = open_session(context, request, *user);
  if (opened.refused) return *opened.refused;
  Response response = back("done");
  response.headers.emplace_back("Set-Cookie", opened.cookie);
  return response;
}

}  // namespace sonde::api
