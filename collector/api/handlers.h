// One function for each operation of openapi.yaml.
#pragma once

#include "collector/api/service.h"

namespace sonde::api {

#define SONDE_HANDLER(name)                                                     \
  Response name(Context& context, const Request& request, const Caller& caller, \
                const PathValues& values)

// ingest_api.cc
SONDE_HANDLER(ingest);
// enrolment_api.cc
SONDE_HANDLER(enrol);
SONDE_HANDLER(renew);
SONDE_HANDLER(fingerprint_key);
SONDE_HANDLER(invite_agent);
SONDE_HANDLER(invite_agents);
// session_api.cc
SONDE_HANDLER(login);
SONDE_HANDLER(logout);
SONDE_HANDLER(me);
SONDE_HANDLER(change_password);
SONDE_HANDLER(login_options);
// oidc_api.cc
SONDE_HANDLER(begin_oidc);
SONDE_HANDLER(finish_oidc);
// alert_api.cc
SONDE_HANDLER(list_alerts);
SONDE_HANDLER(export_alerts);
SONDE_HANDLER(get_alert);
SONDE_HANDLER(patch_alert);
SONDE_HANDLER(comment_alert);
// incident_api.cc
SONDE_HANDLER(list_incidents);
SONDE_HANDLER(get_incident);
SONDE_HANDLER(patch_incident);
SONDE_HANDLER(comment_incident);
SONDE_HANDLER(merge_incidents);
SONDE_HANDLER(split_incident);
// export_api.cc
SONDE_HANDLER(incident_ocsf);
SONDE_HANDLER(incident_stix);
SONDE_HANDLER(list_exports);
// suppression_api.cc
SONDE_HANDLER(list_suppressions);
SONDE_HANDLER(add_suppression);
SONDE_HANDLER(remove_suppression);
// fleet_api.cc
SONDE_HANDLER(list_agents);
SONDE_HANDLER(get_agent);
SONDE_HANDLER(revoke_agent);
SONDE_HANDLER(coverage);
SONDE_HANDLER(inventory);
// policy_api.cc
SONDE_HANDLER(pull_policy);
SONDE_HANDLER(list_policies);
SONDE_HANDLER(get_policy);
SONDE_HANDLER(check_policy);
SONDE_HANDLER(add_policy);
SONDE_HANDLER(roll_out_policy);
SONDE_HANDLER(roll_back_policy);
SONDE_HANDLER(patch_agent);
// overview_api.cc
SONDE_HANDLER(overview);
// user_api.cc
SONDE_HANDLER(list_users);
SONDE_HANDLER(create_user);
SONDE_HANDLER(patch_user);
SONDE_HANDLER(remove_user);
// admin_api.cc
SONDE_HANDLER(list_tokens);
SONDE_HANDLER(create_token);
SONDE_HANDLER(revoke_token);
SONDE_HANDLER(list_audit);
// operation_api.cc
SONDE_HANDLER(events);
SONDE_HANDLER(openapi);
SONDE_HANDLER(health);
SONDE_HANDLER(metrics);
SONDE_HANDLER(portal_file);

#undef SONDE_HANDLER

// The answer where the store failed: 503 with Retry-After. Counts it.
Response store_failed(Context& context, const Error& error);

// The refusal of a change that gives work to someone who is no user.
std::optional<Response> unknown_assignee(Context& context, const store::WorkChange& change);

// The answer to a login that succeeded: a new session, with its cookie; audited.
struct OpenedSession {
  Caller caller;
  std::string cookie;
  std::optional<Response> refused;
};
OpenedSession open_session(Context& context, const Request& request, const store::User& user);

// Writes the audit log; false where that failed, and then the request must fail too.
bool audit(Context& context, const Request& request, const Caller& caller, std::string_view action,
           std::string_view object, std::string_view detail = {});

}  // namespace sonde::api
