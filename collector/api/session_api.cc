// Logging in and out.
#include "collector/api/handlers.h"
#include "collector/api/render.h"

namespace sonde::api {
namespace {

Json me_json(const Caller& caller) {
  Json json = {{"username", caller.name}, {"role", store::to_string(caller.role)}};
  if (!caller.csrf_token.empty()) json["csrf_token"] = caller.csrf_token;
  if (caller.expires_ms) json["expires_at"] = *caller.expires_ms;
  return json;
}

}  // namespace

Response login(Context& context, const Request& request, const Caller&, const PathValues&) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto username = string_member(body.json, "username", 128);
  const auto password = string_member(body.json, "password", 1024);
  if (!username || !password) return problem(400, "username and password must be strings");
  const int64_t now = context.now_ms();
  // By address against one who tries many names, by name against many who try one.
  const int wait = std::max(context.login_rate.take("address:" + request.remote_address, now),
                            context.login_rate.take("name:" + *username, now));
  if (wait > 0) return retry_later(429, wait, "too many attempts to log in");
  const auto user = context.accounts.check_password(*username, *password);
  if (!user.ok()) return store_failed(context, user.error());
  Caller caller;
  if (!*user) {
    context.metrics.add(Counter::kLoginsFailed);
    caller.actor = "anonymous";
    audit(context, request, caller, "session.refused", *username);
    return problem(401, "the name or the password is wrong");
  }
  const int64_t lifetime = context.config.limits.session_ms;
  const auto session = context.accounts.open_session(**user, now, lifetime);
  if (!session.ok()) return store_failed(context, session.error());
  caller.name = (*user)->username;
  caller.role = (*user)->role;
  caller.actor = "user:" + caller.name;
  caller.csrf_token = session->session.csrf_token;
  caller.expires_ms = session->session.expires_ms;
  audit(context, request, caller, "session.open", caller.name);
  Response response = json_response(me_json(caller), 201);
  response.headers.emplace_back("Set-Cookie", session_cookie(session->secret, lifetime));
  return response;
}

Response logout(Context& context, const Request& request, const Caller& caller, const PathValues&) {
  if (!caller.session.empty()) {
    const auto closed = context.accounts.close_session(caller.session);
    if (!closed.ok()) return store_failed(context, closed.error());
    audit(context, request, caller, "session.close", caller.name);
  }
  Response response;
  response.status = 204;
  response.headers.emplace_back("Set-Cookie", expired_session_cookie());
  return response;
}

Response me(Context&, const Request&, const Caller& caller, const PathValues&) {
  return json_response(me_json(caller));
}

}  // namespace sonde::api
