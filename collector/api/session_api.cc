// Logging in and out.
#include "collector/api/handlers.h"
#include "collector/api/render.h"

namespace sonde::api {
namespace {

Json me_json(const Caller& caller) {
  Json json = {{"username", caller.name}, {"role", store::to_string(caller.role)}};
  if (!caller.csrf_token.empty()) json["csrf_token"] = caller.csrf_token;
  if (caller.expires_ms) json["expires_at"] = *caller.expires_ms;
  if (caller.must_change) json["must_change_password"] = true;
  return json;
}

}  // namespace

OpenedSession open_session(Context& context, const Request& request, const store::User& user) {
  OpenedSession opened;
  const int64_t lifetime = context.config.limits.session_ms;
  const auto session = context.accounts.open_session(user, context.now_ms(), lifetime);
  if (!session.ok()) {
    opened.refused = store_failed(context, session.error());
    return opened;
  }
  opened.caller.name = user.username;
  opened.caller.role = user.role;
  opened.caller.actor = "user:" + user.username;
  opened.caller.csrf_token = session->session.csrf_token;
  opened.caller.expires_ms = session->session.expires_ms;
  opened.caller.must_change = user.must_change;
  opened.cookie = session_cookie(session->secret, lifetime);
  audit(context, request, opened.caller, "session.open", user.username);
  return opened;
}

Response login_options(Context& context, const Request&, const Caller&, const PathValues&) {
  Json json = {{"password", true}};
  if (context.config.oidc.enabled()) json["oidc"] = {{"label", context.config.oidc.label}};
  return json_response(json);
}

Response login(Context& context, const Request& request, const Caller&, const PathValues&) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto username = string_member(body.json, "username", 128);
  const auto password = string_member(body.json, "password", 1024);
  if (!username || !password) return problem(400, "username and password must be strings");
  const int64_t now = context.now_ms();
  // By address against one who tries many names, by name against many who try one. What the
  // address may not do any more does not count against the name.
  int wait = context.login_rate.take(request.remote_address, now);
  if (wait == 0) wait = context.login_name_rate.take(*username, now);
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
  const OpenedSession opened = open_session(context, request, **user);
  if (opened.refused) return *opened.refused;
  Response response = json_response(me_json(opened.caller), 201);
  response.headers.emplace_back("Set-Cookie", opened.cookie);
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

// Ends all sessions of the user, this one too, and answers with a new one.
Response change_password(Context& context, const Request& request, const Caller& caller,
                         const PathValues&) {
  if (caller.kind != Caller::Kind::kSession) return problem(400, "only a person has a password");
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto current = string_member(body.json, "current", 1024);
  const auto wanted = string_member(body.json, "password", 1024);
  if (!current || !wanted) return problem(400, "current and password must be strings");
  const int wait = context.login_name_rate.take(caller.name, context.now_ms());
  if (wait > 0) return retry_later(429, wait, "too many attempts");
  const auto user = context.accounts.check_password(caller.name, *current);
  if (!user.ok()) return store_failed(context, user.error());
  if (!*user) return problem(403, "the current password is wrong");
  if (*wanted == *current) return problem(400, "choose a password that is not the current one");
  if (const std::string detail = store::password_problem(*wanted); !detail.empty()) {
    return problem(400, detail);
  }
  const auto changed = context.accounts.set_password(caller.name, *wanted);
  if (!changed.ok()) return store_failed(context, changed.error());
  audit(context, request, caller, "user.password", caller.name);
  store::User renewed = **user;
  renewed.must_change = false;
  const OpenedSession opened = open_session(context, request, renewed);
  if (opened.refused) return *opened.refused;
  Response response = json_response(me_json(opened.caller));
  response.headers.emplace_back("Set-Cookie", opened.cookie);
  return response;
}

}  // namespace sonde::api
