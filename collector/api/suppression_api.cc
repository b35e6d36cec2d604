// Rules that keep similar alerts quiet.
#include "collector/api/handlers.h"
#include "collector/api/query.h"
#include "collector/api/render.h"

namespace sonde::api {
namespace {

constexpr int64_t kDayMs = 24 * 3'600'000LL;

Json to_json(const store::Suppression& rule) {
  Json json = {{"id", rule.id},
               {"reason", rule.reason},
               {"author", rule.author},
               {"created_at", rule.created_ms},
               {"expires_at", rule.expires_ms ? Json(*rule.expires_ms) : Json(nullptr)},
               {"matched", rule.matched}};
  for (const auto& [key, value] :
       {std::pair("alert", &rule.alert), std::pair("host", &rule.host),
        std::pair("application", &rule.application), std::pair("entity_type", &rule.entity_type),
        std::pair("entity_value", &rule.entity_value)}) {
    if (!value->empty()) json[key] = *value;
  }
  return json;
}

// What is wrong with the body, or "".
std::string read_rule(const Json& json, store::Suppression& rule, int64_t now_ms) {
  struct Member {
    const char* key;
    std::string* target;
    size_t max_bytes;
  };
  size_t known = 0;
  for (const Member& member :
       {Member{"alert", &rule.alert, 128}, Member{"host", &rule.host, 256},
        Member{"application", &rule.application, 512}, Member{"entity_type", &rule.entity_type, 64},
        Member{"entity_value", &rule.entity_value, 1024}, Member{"reason", &rule.reason, 1024}}) {
    if (!json.contains(member.key)) continue;
    ++known;
    auto text = string_member(json, member.key, member.max_bytes);
    if (!text) return std::string(member.key) + " is no string, empty or too long";
    *member.target = std::move(*text);
  }
  if (const auto days = json.find("days"); days != json.end()) {
    ++known;
    if (!days->is_number_integer() || *days < 1 || *days > 3650) {
      return "days must be an integer from 1 to 3650";
    }
    rule.expires_ms = now_ms + days->get<int64_t>() * kDayMs;
  }
  if (known != json.size()) return "a member of the body is unknown";
  if (rule.reason.empty()) return "reason is missing";
  if (rule.entity_type.empty() != rule.entity_value.empty()) {
    return "entity_type and entity_value belong together";
  }
  if (rule.host.empty() && rule.application.empty() && rule.entity_type.empty()) {
    return "name a host, an application or an entity: a rule for an alert everywhere hides too "
           "much";
  }
  return {};
}

}  // namespace

Response list_suppressions(Context& context, const Request&, const Caller&, const PathValues&) {
  const auto rules = context.suppressions.list();
  if (!rules.ok()) return store_failed(context, rules.error());
  Json items = Json::array();
  for (const store::Suppression& rule : *rules) items.push_back(to_json(rule));
  return json_response({{"items", std::move(items)}});
}

Response add_suppression(Context& context, const Request& request, const Caller& caller,
                         const PathValues&) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  store::Suppression rule;
  rule.author = caller.name;
  rule.created_ms = context.now_ms();
  if (const std::string detail = read_rule(body.json, rule, rule.created_ms); !detail.empty()) {
    return problem(400, detail);
  }
  const auto added = context.suppressions.add(std::move(rule));
  if (!added.ok()) return store_failed(context, added.error());
  audit(context, request, caller, "suppression.add", std::to_string(added->id), dump(body.json));
  return json_response(to_json(*added), 201);
}

Response remove_suppression(Context& context, const Request& request, const Caller& caller,
                            const PathValues& values) {
  const auto id = id_from(values[0]);
  if (!id) return problem(404, "there is no such suppression");
  const auto removed = context.suppressions.remove(*id);
  if (!removed.ok()) return store_failed(context, removed.error());
  if (!*removed) return problem(404, "there is no such suppression");
  audit(context, request, caller, "suppression.remove", values[0]);
  Response response;
  response.status = 204;
  return response;
}

}  // namespace sonde::api
