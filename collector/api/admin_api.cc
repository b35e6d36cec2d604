// Tokens, audit log.
#include "collector/api/handlers.h"
#include "collector/api/query.h"
#include "collector/api/render.h"

namespace sonde::api {
namespace {

constexpr int64_t kDayMs = 24 * 3'600'000LL;

// The areas a new token is limited to; nullopt where something is wrong with them.
std::optional<std::vector<std::string>> read_scopes(const Json& json) {
  std::vector<std::string> scopes;
  const auto found = json.find("scopes");
  if (found == json.end()) return scopes;
  // None at all would mean all of them.
  if (!found->is_array() || found->empty() || found->size() > 32) return std::nullopt;
  for (const Json& scope : *found) {
    if (!scope.is_string() || !is_area(scope.get_ref<const std::string&>())) return std::nullopt;
    scopes.push_back(scope.get<std::string>());
  }
  return scopes;
}

}  // namespace

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
  const auto scopes = read_scopes(body.json);
  if (!scopes)
    return problem(400,
                   "scopes must be a list of one or more areas of the API; leave it out for all");
  const auto created = context.accounts.create_token(*name, *role, now, expires, *scopes);
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
