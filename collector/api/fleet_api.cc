// Agents, what they hear, and what is used on their hosts.
#include <algorithm>

#include "collector/api/handlers.h"
#include "collector/api/query.h"
#include "collector/api/render.h"

namespace sonde::api {
namespace {

// Stored after a check by the envelope reader; anything else reads as empty.
Json stored_json(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json() : json;
}

bool is_covered(const Json& entry) {
  const auto covered = entry.find("covered");
  return covered != entry.end() && covered->is_boolean() && covered->get<bool>();
}

}  // namespace

Response list_agents(Context& context, const Request& request, const Caller&, const PathValues&) {
  QueryReader query(request);
  if (auto refused = query.refused()) return *refused;
  const auto agents = context.fleet.agents();
  if (!agents.ok()) return store_failed(context, agents.error());
  Json items = Json::array();
  for (const store::Agent& agent : *agents) {
    items.push_back(to_json(agent, context.now_ms(), context.config.limits.agent_stale_ms));
  }
  return json_response({{"items", std::move(items)}});
}

Response get_agent(Context& context, const Request&, const Caller&, const PathValues& values) {
  const auto agent = context.fleet.agent(values[0]);
  if (!agent.ok()) return store_failed(context, agent.error());
  if (!*agent) return problem(404, "there is no such agent");
  Json json = to_json(**agent, context.now_ms(), context.config.limits.agent_stale_ms);
  json["counters"] = stored_json((*agent)->counters);
  json["coverage"] = stored_json((*agent)->coverage);
  return json_response(json);
}

Response revoke_agent(Context& context, const Request& request, const Caller& caller,
                      const PathValues& values) {
  const auto agent = context.fleet.agent(values[0]);
  if (!agent.ok()) return store_failed(context, agent.error());
  if (!*agent) return problem(404, "there is no such agent");
  const auto revoked = context.fleet.revoke(values[0], context.now_ms());
  if (!revoked.ok()) return store_failed(context, revoked.error());
  audit(context, request, caller, "agent.revoke", values[0]);
  Response response;
  response.status = 204;
  return response;
}

Response coverage(Context& context, const Request& request, const Caller&, const PathValues&) {
  QueryReader query(request);
  const auto wanted = query.boolean("covered");
  const std::string host = query.text("host");
  if (auto refused = query.refused()) return *refused;
  const auto agents = context.fleet.agents();
  if (!agents.ok()) return store_failed(context, agents.error());
  std::vector<Json> entries;
  for (const store::Agent& agent : *agents) {
    if (agent.revoked_ms || (!host.empty() && agent.hostname != host)) continue;
    for (Json& entry : stored_json(agent.coverage)) {
      if (!entry.is_object() || (wanted && is_covered(entry) != *wanted)) continue;
      entry["agent_id"] = agent.agent_id;
      entry["host"] = agent.hostname;
      entry["last_seen"] = agent.last_seen_ms;
      entries.push_back(std::move(entry));
    }
  }
  std::stable_partition(entries.begin(), entries.end(),
                        [](const Json& entry) { return !is_covered(entry); });
  return json_response({{"items", std::move(entries)}});
}

Response inventory(Context& context, const Request& request, const Caller&, const PathValues&) {
  QueryReader query(request);
  const std::string kind = query.text("kind", 32);
  const std::string host = query.text("host");
  const size_t limit = query.limit();
  if (auto refused = query.refused()) return *refused;
  const auto entries = context.fleet.inventory(kind, host, limit);
  if (!entries.ok()) return store_failed(context, entries.error());
  Json items = Json::array();
  for (const store::InventoryEntry& entry : *entries) items.push_back(to_json(entry));
  return json_response({{"items", std::move(items)}});
}

}  // namespace sonde::api
