// How an agent comes by its certificate: once with a one-time token, later with the old one.
#include <fstream>
#include <sstream>

#include "agent/config/policy.h"
#include "collector/api/handlers.h"
#include "collector/api/pki.h"
#include "collector/api/render.h"
#include "collector/store/secrets.h"

namespace sonde::api {
namespace {

constexpr int64_t kInvitationMs = 24 * 3'600'000LL;
constexpr size_t kCsrBytes = 16384;

Response issue(Context& context, const Request& request, const Caller& caller,
               const std::string& csr, const std::string& agent_id) {
  const CaFiles ca{context.config.client_ca, context.config.client_ca_key};
  const auto issued = sign_agent(ca, csr, agent_id, context.now_ms());
  if (!issued.ok()) return problem(400, issued.error().message);
  const auto noted = context.fleet.note_certificate(issued->fingerprint, agent_id, context.now_ms(),
                                                    issued->not_after_ms);
  if (!noted.ok()) return store_failed(context, noted.error());
  audit(context, request, caller, "agent.certificate", agent_id, issued->fingerprint);
  std::ostringstream ca_pem;
  ca_pem << std::ifstream(ca.certificate).rdbuf();
  Json json = {{"agent_id", agent_id},
               {"certificate", issued->pem},
               {"ca", ca_pem.str()},
               {"not_after", issued->not_after_ms}};
  if (const auto key = config::policy_public_key(context.config.policy_signing_key); key.ok()) {
    json["policy_key"] = *key;
  }
  if (!context.config.fingerprint_key.empty()) {
    json["fingerprint_key"] = context.config.fingerprint_key;
  }
  return json_response(json, 201);
}

Response not_configured() {
  return problem(501, "this collector does not issue certificates (tls.client_ca_key is not set)");
}

}  // namespace

Response enrol(Context& context, const Request& request, const Caller&, const PathValues&) {
  if (context.config.client_ca_key.empty()) return not_configured();
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto token = string_member(body.json, "token", 128);
  const auto csr = string_member(body.json, "csr", kCsrBytes);
  if (!token || !csr) return problem(400, "token and csr must be strings");
  // The address, because each try costs a signature and tokens can be made up.
  int wait = context.enrol_rate.take("address:" + request.remote_address, context.now_ms());
  if (wait == 0) wait = context.enrol_rate.take(store::sha256_hex(*token), context.now_ms());
  if (wait > 0) return retry_later(429, wait, "too many attempts to enrol");
  // A request that could not be signed must not use the token up.
  const CaFiles ca{context.config.client_ca, context.config.client_ca_key};
  if (const auto trial = sign_agent(ca, *csr, "trial", context.now_ms()); !trial.ok()) {
    return problem(400, trial.error().message);
  }
  const auto asked = string_member(body.json, "agent_id", 128);
  const auto agent_id =
      context.fleet.redeem_enrolment(*token, asked.value_or(""), context.now_ms());
  if (!agent_id.ok()) return store_failed(context, agent_id.error());
  if (!*agent_id)
    return problem(401,
                   "the enrolment token is unknown, used or expired, or the agent id is taken");
  Caller agent;
  agent.actor = "agent:" + **agent_id;
  return issue(context, request, agent, *csr, **agent_id);
}
Response invite_agent(Context& context, const Request& request, const Caller& caller,
                      const PathValues& values) {
  if (context.config.client_ca_key.empty()) return not_configured();
  if (const std::string detail = store::agent_id_problem(values[0]); !detail.empty()) {
    return problem(400, detail);
  }
  const int64_t now = context.now_ms();
  const auto secret = context.fleet.create_enrolment(values[0], now, now + kInvitationMs);
  if (!secret.ok()) return store_failed(context, secret.error());
  audit(context, request, caller, "agent.enrol", values[0]);
  return json_response(
      {{"agent_id", values[0]}, {"token", *secret}, {"expires_at", now + kInvitationMs}}, 201);
}

// For a fleet whose hosts come and go, such as a DaemonSet.
Response invite_agents(Context& context, const Request& request, const Caller& caller,
                       const PathValues&) {
  if (context.config.client_ca_key.empty()) return not_configured();
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto number = [&](const char* key, int64_t max) -> std::optional<int64_t> {
    const auto found = body.json.find(key);
    if (found == body.json.end() || !found->is_number_integer()) return std::nullopt;
    const auto value = found->get<int64_t>();
    return value >= 1 && value <= max ? std::optional(value) : std::nullopt;
  };
  const auto uses = number("uses", 100'000);
  const auto days = number("days", 365);
  if (!uses || !days) return problem(400, "uses must be 1 to 100000, days 1 to 365");
  const int64_t now = context.now_ms();
  const int64_t expires = now + *days * kInvitationMs;
  const auto secret = context.fleet.create_shared_enrolment(*uses, now, expires);
  if (!secret.ok()) return store_failed(context, secret.error());
  audit(context, request, caller, "agent.enrol", "*", dump(body.json));
  return json_response({{"token", *secret}, {"uses", *uses}, {"expires_at", expires}}, 201);
}

// For agents that enrolled before there was one, and those with a token instead of a certificate.
Response fingerprint_key(Context& context, const Request&, const Caller&, const PathValues&) {
  if (context.config.fingerprint_key.empty()) {
    Response nothing;
    nothing.status = 204;
    return nothing;
  }
  return json_response({{"fingerprint_key", context.config.fingerprint_key}});
}

Response renew(Context& context, const Request& request, const Caller& caller, const PathValues&) {
  if (context.config.client_ca_key.empty()) return not_configured();
  if (caller.kind != Caller::Kind::kCertificate) {
    return problem(403, "only a certificate can be renewed");
  }
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto csr = string_member(body.json, "csr", kCsrBytes);
  if (!csr) return problem(400, "csr must be a string");
  return issue(context, request, caller, *csr, caller.name);
}

}  // namespace sonde::api
