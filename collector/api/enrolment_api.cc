// How an agent comes by its certificate: once with a one-time token, later with the old one.
#include <fstream>
#include <sstream>

#include "collector/api/handlers.h"
#include "collector/api/pki.h"
#include "collector/api/render.h"

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
  return json_response({{"agent_id", agent_id},
                        {"certificate", issued->pem},
                        {"ca", ca_pem.str()},
                        {"not_after", issued->not_after_ms}},
                       201);
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
  const int wait = context.login_rate.take("address:" + request.remote_address, context.now_ms());
  if (wait > 0) return retry_later(429, wait, "too many attempts to enrol");
  // A request that could not be signed must not use the token up.
  const CaFiles ca{context.config.client_ca, context.config.client_ca_key};
  if (const auto trial = sign_agent(ca, *csr, "trial", context.now_ms()); !trial.ok()) {
    return problem(400, trial.error().message);
  }
  const auto agent_id = context.fleet.redeem_enrolment(*token, context.now_ms());
  if (!agent_id.ok()) return store_failed(context, agent_id.error());
  if (!*agent_id) return problem(401, "the enrolment token is unknown, used or expired");
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
