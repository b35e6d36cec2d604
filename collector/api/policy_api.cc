// Policies for agents: written and rolled out by administrators, pulled by agents.
#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "agent/config/policy.h"
#include "collector/api/handlers.h"
#include "collector/api/query.h"
#include "collector/api/render.h"

namespace sonde::api {
namespace {

constexpr size_t kAgentsListed = 1000;
constexpr size_t kGroupBytes = store::kPolicyGroupBytes;

Json to_json(const store::Policy& policy, bool whole) {
  Json json = {{"version", policy.version},       {"group", policy.group},
               {"comment", policy.comment},       {"author", policy.author},
               {"created_at", policy.created_ms}, {"percent", policy.percent},
               {"agents", policy.agents}};
  if (whole) json["document"] = policy.document;
  return json;
}

// Each with its place: [{"line":3,"column":5,"message":"..."}].
Json problems_of(const std::string& document) {
  Json problems = Json::array();
  const auto policy = config::parse_policy(document, "policy");
  if (policy.ok()) return problems;
  const std::string& text = policy.error().message;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    int row = 0;
    int column = 0;
    int skipped = 0;
    if (std::sscanf(line.c_str(), "policy:%d:%d: %n", &row, &column, &skipped) == 2) {
      problems.push_back({{"line", row},
                          {"column", column},
                          {"message", line.substr(static_cast<size_t>(skipped))}});
    } else {
      problems.push_back({{"line", 1}, {"column", 1}, {"message", line}});
    }
  }
  return problems;
}

// percent and agents of the body; what is wrong, or "".
std::string read_roll_out(const Json& json, store::Policy& policy) {
  if (const auto percent = json.find("percent"); percent != json.end()) {
    if (!percent->is_number_integer() || *percent < 0 || *percent > 100) {
      return "percent must be an integer from 0 to 100";
    }
    policy.percent = percent->get<int64_t>();
  }
  const auto agents = json.find("agents");
  if (agents == json.end()) return {};
  if (!agents->is_array() || agents->size() > kAgentsListed) {
    return "agents must be a list of at most 1000 agent ids";
  }
  policy.agents.clear();
  for (const Json& agent : *agents) {
    if (!agent.is_string() || !store::agent_id_problem(agent.get<std::string>()).empty()) {
      return "agents must hold agent ids";
    }
    policy.agents.push_back(agent);
  }
  return {};
}

Response not_configured() {
  return problem(501, "this collector signs no policies (policy.signing_key is not set)");
}

Response publish(Context& context, const Request& request, const Caller& caller,
                 store::Policy policy, std::string_view action) {
  policy.author = caller.name;
  policy.created_ms = context.now_ms();
  const auto added = context.policies.add(std::move(policy), [&](store::Policy& made) -> Status {
    const auto signed_policy = config::sign_policy({made.group, made.version, made.document},
                                                   context.config.policy_signing_key);
    if (!signed_policy.ok()) return tl::unexpected<Error>(signed_policy.error());
    made.bundle = signed_policy->bundle;
    made.signature = signed_policy->signature;
    return {};
  });
  if (!added.ok()) return store_failed(context, added.error());
  audit(context, request, caller, action, std::to_string(added->version),
        added->group + ": " + added->comment);
  return json_response(to_json(*added, true), 201);
}

}  // namespace

// The agent's side: what it does not have yet.
Response pull_policy(Context& context, const Request& request, const Caller& caller,
                     const PathValues&) {
  QueryReader query(request);
  const auto have = query.integer("have", 0, INT64_MAX);
  const std::string group = query.text("group", kGroupBytes);
  if (auto refused = query.refused()) return *refused;
  const auto policy = context.policies.for_agent(caller.name);
  if (!policy.ok()) return store_failed(context, policy.error());
  if (!*policy || ((*policy)->group == group && (*policy)->version <= have.value_or(0))) {
    Response nothing;
    nothing.status = 204;
    return nothing;
  }
  return json_response({{"bundle", (*policy)->bundle}, {"signature", (*policy)->signature}});
}

Response list_policies(Context& context, const Request& request, const Caller&, const PathValues&) {
  QueryReader query(request);
  const std::string group = query.text("group", kGroupBytes);
  if (auto refused = query.refused()) return *refused;
  const auto policies = context.policies.list(group);
  if (!policies.ok()) return store_failed(context, policies.error());
  Json items = Json::array();
  for (const store::Policy& policy : *policies) items.push_back(to_json(policy, false));
  return json_response(
      {{"items", std::move(items)}, {"enabled", !context.config.policy_signing_key.empty()}});
}

Response get_policy(Context& context, const Request&, const Caller&, const PathValues& values) {
  const auto version = id_from(values[0]);
  if (!version) return problem(404, "there is no such policy");
  const auto policy = context.policies.get(*version);
  if (!policy.ok()) return store_failed(context, policy.error());
  if (!*policy) return problem(404, "there is no such policy");
  const auto agents = context.fleet.agents();
  if (!agents.ok()) return store_failed(context, agents.error());
  Json json = to_json(**policy, true);
  Json& state = json["state"] = Json::array();
  for (const store::Agent& agent : *agents) {
    if (agent.revoked_ms || agent.policy_group != (*policy)->group) continue;
    Json entry = {{"agent_id", agent.agent_id},
                  {"hostname", agent.hostname},
                  {"last_seen", agent.last_seen_ms},
                  {"rolled_out", store::is_rolled_out(**policy, agent.agent_id)},
                  {"version", agent.policy_version}};
    if (agent.policy_refused == *version) entry["refused_because"] = agent.policy_trouble;
    state.push_back(std::move(entry));
  }
  return json_response(json);
}

Response check_policy(Context&, const Request& request, const Caller&, const PathValues&) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto document = string_member(body.json, "document", 60'000);
  if (!document) return problem(400, "document must be a text of at most 60000 bytes");
  return json_response({{"problems", problems_of(*document)}});
}

Response add_policy(Context& context, const Request& request, const Caller& caller,
                    const PathValues&) {
  if (context.config.policy_signing_key.empty()) return not_configured();
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto group = string_member(body.json, "group", kGroupBytes);
  const auto document = string_member(body.json, "document", 60'000);
  const auto comment = string_member(body.json, "comment", 1024);
  if (!group || !store::is_policy_group(*group))
    return problem(400, "group must be of a-z, 0-9, - and _");
  if (!document) return problem(400, "document must be a text of at most 60000 bytes");
  if (!comment) return problem(400, "comment must say why, in at most 1024 bytes");
  store::Policy policy;
  if (const std::string wrong = read_roll_out(body.json, policy); !wrong.empty()) {
    return problem(400, wrong);
  }
  if (Json problems = problems_of(*document); !problems.empty()) {
    Response refused = problem(422, "the document is no policy; problems says where");
    Json json = Json::parse(refused.body);
    json["problems"] = std::move(problems);
    refused.body = dump(json);
    return refused;
  }
  policy.group = *group;
  policy.document = *document;
  policy.comment = *comment;
  return publish(context, request, caller, std::move(policy), "policy.add");
}

Response roll_out_policy(Context& context, const Request& request, const Caller& caller,
                         const PathValues& values) {
  const auto version = id_from(values[0]);
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  if (!version) return problem(404, "there is no such policy");
  const auto found = context.policies.get(*version);
  if (!found.ok()) return store_failed(context, found.error());
  if (!*found) return problem(404, "there is no such policy");
  store::Policy policy = **found;
  if (const std::string wrong = read_roll_out(body.json, policy); !wrong.empty()) {
    return problem(400, wrong);
  }
  const auto changed = context.policies.roll_out(*version, policy.percent, policy.agents);
  if (!changed.ok()) return store_failed(context, changed.error());
  audit(context, request, caller, "policy.roll_out", values[0], dump(body.json));
  return json_response(to_json(policy, true));
}

// An older document as a new version for the whole group: agents never go back in numbers, so that
// nobody can play back what was withdrawn.
Response roll_back_policy(Context& context, const Request& request, const Caller& caller,
                          const PathValues& values) {
  if (context.config.policy_signing_key.empty()) return not_configured();
  const auto version = id_from(values[0]);
  if (!version) return problem(404, "there is no such policy");
  const auto found = context.policies.get(*version);
  if (!found.ok()) return store_failed(context, found.error());
  if (!*found) return problem(404, "there is no such policy");
  store::Policy policy = **found;
  policy.comment = "back to version " + std::to_string(*version);
  policy.percent = 100;
  policy.agents.clear();
  return publish(context, request, caller, std::move(policy), "policy.roll_back");
}

Response patch_agent(Context& context, const Request& request, const Caller& caller,
                     const PathValues& values) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto group = string_member(body.json, "policy_group", kGroupBytes);
  if (!group || !store::is_policy_group(*group) || body.json.size() != 1) {
    return problem(400, "policy_group must be of a-z, 0-9, - and _");
  }
  const auto changed = context.policies.set_group(values[0], *group);
  if (!changed.ok()) return store_failed(context, changed.error());
  if (!*changed) return problem(404, "there is no such agent");
  audit(context, request, caller, "agent.group", values[0], *group);
  return get_agent(context, request, caller, values);
}

}  // namespace sonde::api
