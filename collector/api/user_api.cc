// People: made, changed and removed by administrators, who hand out passwords good for one login.
#include <algorithm>

#include "collector/api/handlers.h"
#include "collector/api/render.h"
#include "collector/store/secrets.h"

namespace sonde::api {
namespace {

// 96 random bits, short enough to type.
std::string one_time_password() { return store::random_secret(12); }

std::optional<store::Role> person_role(const Json& json) {
  const auto text = string_member(json, "role", 32);
  const auto role = text ? store::role_from(*text) : std::nullopt;
  return role == store::Role::kAgent ? std::nullopt : role;
}

Response no_such_user() { return problem(404, "there is no such user"); }

}  // namespace

std::optional<Response> unknown_assignee(Context& context, const store::WorkChange& change) {
  if (!change.assignee || change.assignee->empty()) return std::nullopt;
  const auto users = context.accounts.users();
  if (!users.ok()) return store_failed(context, users.error());
  const bool known = std::any_of(users->begin(), users->end(), [&change](const store::User& user) {
    return user.username == *change.assignee;
  });
  if (known) return std::nullopt;
  return problem(400, "the assignee is no user of this collector");
}

Response list_users(Context& context, const Request&, const Caller&, const PathValues&) {
  const auto users = context.accounts.users();
  if (!users.ok()) return store_failed(context, users.error());
  Json items = Json::array();
  for (const store::User& user : *users) {
    items.push_back({{"username", user.username},
                     {"role", store::to_string(user.role)},
                     {"created_at", user.created_ms}});
  }
  return json_response({{"items", std::move(items)}});
}

Response create_user(Context& context, const Request& request, const Caller& caller,
                     const PathValues&) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto name = string_member(body.json, "username", 128);
  const auto role = person_role(body.json);
  if (!name || !role) return problem(400, "username and role must be strings; see the roles");
  if (const std::string detail = store::username_problem(*name); !detail.empty()) {
    return problem(400, detail);
  }
  const std::string password = one_time_password();
  const auto user = context.accounts.add_user(*name, *role, password, context.now_ms(), true);
  if (!user.ok() && user.error().code == store::sql::kConstraint) {
    return problem(409, "there is a user of this name already");
  }
  if (!user.ok()) return store_failed(context, user.error());
  audit(context, request, caller, "user.add", *name, store::to_string(*role));
  return json_response({{"username", *name},
                        {"role", store::to_string(*role)},
                        {"created_at", user->created_ms},
                        {"password", password}},
                       201);
}

Response patch_user(Context& context, const Request& request, const Caller& caller,
                    const PathValues& values) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const bool resets = body.json.value("reset_password", Json(false)) == Json(true);
  const bool has_role = body.json.contains("role");
  const auto role = person_role(body.json);
  if ((has_role && !role) || body.json.size() != size_t{has_role} + size_t{resets} ||
      body.json.empty()) {
    return problem(400, "give a role, or reset_password: true");
  }
  if (values[0] == caller.name && caller.kind == Caller::Kind::kSession) {
    return problem(409, "another administrator must change your account");
  }
  Json answer = {{"username", values[0]}};
  bool known = true;
  if (role) {
    const auto changed = context.accounts.set_role(values[0], *role);
    if (!changed.ok()) return store_failed(context, changed.error());
    known = *changed;
    answer["role"] = store::to_string(*role);
  }
  if (known && resets) {
    const std::string password = one_time_password();
    const auto changed = context.accounts.set_password(values[0], password, true);
    if (!changed.ok()) return store_failed(context, changed.error());
    known = *changed;
    answer["password"] = password;
  }
  if (!known) return no_such_user();
  audit(context, request, caller, "user.change", values[0], dump(body.json));
  return json_response(answer);
}

Response remove_user(Context& context, const Request& request, const Caller& caller,
                     const PathValues& values) {
  if (values[0] == caller.name && caller.kind == Caller::Kind::kSession) {
    return problem(409, "another administrator must remove your account");
  }
  const auto removed = context.accounts.remove_user(values[0]);
  if (!removed.ok()) return store_failed(context, removed.error());
  if (!*removed) return no_such_user();
  audit(context, request, caller, "user.remove", values[0]);
  Response response;
  response.status = 204;
  return response;
}

}  // namespace sonde::api
