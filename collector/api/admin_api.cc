// Users, tokens, audit log.
#include "collector/api/handlers.h"
#include "collector/api/query.h"
#include "collector/api/render.h"

namespace sonde::api {
namespace {

constexpr int64_t kDayMs = 24 * 3'600'000LL;

}  // namespace

Response list_users(Context& context, const Request&, const Caller&, const PathValues&) {
  const auto users = context.accounts.users();
  if (!users.ok()) return store_failed(context, users.error());
  Json items = Json::array();
  for (const store::User& user : *users) {
    items.push_back({{"username", user.username}, {"role", store::to_string(user.role)}});
  }
  return json_response({{"items", std::move(items)}});
}

Response list_tokens(Context& context, const Request&, const Caller&, const PathValues&) {
  const auto tokens = context.accounts.tokens();
  if (!tokens.ok()) return store_failed(context, tokens.error());
  Json items = Json::array();
  for (const store::Token& token : *tokens) items.push_back(to_json(token));
  return json_response({{"items", std::move(items)}});
}

Response create_token(Context& context, const Request& request, const Caller& caller,
                      const PathValues&) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto name = string_member(body.json, "name", 128);
  const auto role_text = string_member(body.json, "role", 32);
  const auto role = role_text ? store::role_from(*role_text) : std::nullopt;
  if (!name || !role) return problem(400, "name and role must be strings, role one of the roles");
  if (*role == store::Role::kAgent && !store::agent_id_problem(*name).empty()) {
    return problem(400, store::agent_id_problem(*name));
  }
  const int64_t now = context.now_ms();
  std::optional<int64_t> expires;
  if (const auto days = body.json.find("days"); days != body.json.end()) {
    if (!days->is_number_integer() || *days < 1 || *days > 3650) {
      return problem(400, "days must be an integer from 1 to 3650");
    }
    expires = now + days->get<int64_t>() * kDayMs;
  }
  const auto created = context.accounts.create_token(*name, *role, now, expires);
  if (!created.ok()) return store_failed(context, created.error());
  audit(context, request, caller, "token.create", std::to_string(created->token.id),
        *role_text + " " + *name);
  Json json = to_json(created->token);
  json["secret"] = created->secret;
  return json_response(json, 201);
}

Response revoke_token(Context& context, const Request& request, const Caller& caller,
                      const PathValues& values) {
  const auto id = id_from(values[0]);
  if (!id) return problem(404, "there is no such token");
  const auto revoked = context.accounts.revoke_token(*id);
  if (!revoked.ok()) return store_failed(context, revoked.error());
  if (!*revoked) return problem(404, "there is no such token");
  audit(context, request, caller, "token.revoke", values[0]);
  Response response;
  response.status = 204;
  return response;
}

Response list_audit(Context& context, const Request& request, const Caller&, const PathValues&) {
  QueryReader query(request);
  const std::string actor = query.text("actor", 256);
  const std::string object = query.text("object", 256);
  const size_t limit = query.limit();
  const auto cursor = query.cursor("cursor");
  if (auto refused = query.refused()) return *refused;
  const auto before = cursor ? std::optional(cursor->id) : std::nullopt;
  const auto entries = context.audit.list(actor, object, before, limit);
  if (!entries.ok()) return store_failed(context, entries.error());
  Json items = Json::array();
  for (const store::AuditEntry& entry : *entries) items.push_back(to_json(entry));
  Json next = nullptr;
  if (entries->size() == limit) next = encode_cursor({0, entries->back().id});
  return json_response({{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

}  // namespace sonde::api
