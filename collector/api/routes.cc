// The route table: each operation once, with the least role it needs.
#include <algorithm>
#include <array>

#include "collector/api/handlers.h"

namespace sonde::api {
namespace {

constexpr auto kRoutes = std::to_array<Route>({
    {"POST", "/api/v1/ingest", Access::kAgent, "ingest", ingest},
    {"POST", "/api/v1/enrolment", Access::kNobody, "ingest", enrol},
    {"POST", "/api/v1/enrolment/renewal", Access::kAgent, "ingest", renew},
    {"GET", "/api/v1/fingerprint-key", Access::kAgent, "ingest", fingerprint_key},
    {"POST", "/api/v1/sessions", Access::kNobody, "session", login},
    {"DELETE", "/api/v1/sessions/current", Access::kViewer, "session", logout},
    {"GET", "/api/v1/me", Access::kViewer, "session", me},
    {"GET", "/api/v1/login", Access::kNobody, "session", login_options},
    {"GET", "/api/v1/sessions/oidc", Access::kNobody, "session", begin_oidc},
    {"GET", "/api/v1/sessions/oidc/callback", Access::kNobody, "session", finish_oidc},
    {"POST", "/api/v1/me/password", Access::kViewer, "session", change_password},
    {"GET", "/api/v1/alerts", Access::kViewer, "alerts", list_alerts},
    {"GET", "/api/v1/alerts.csv", Access::kAnalyst, "alerts", export_alerts},
    {"GET", "/api/v1/alerts/{uid}", Access::kViewer, "alerts", get_alert},
    {"PATCH", "/api/v1/alerts/{uid}", Access::kAnalyst, "alerts", patch_alert},
    {"POST", "/api/v1/alerts/{uid}/comments", Access::kAnalyst, "alerts", comment_alert},
    {"GET", "/api/v1/incidents", Access::kViewer, "incidents", list_incidents},
    {"GET", "/api/v1/incidents/{uid}", Access::kViewer, "incidents", get_incident},
    {"PATCH", "/api/v1/incidents/{uid}", Access::kAnalyst, "incidents", patch_incident},
    {"POST", "/api/v1/incidents/{uid}/comments", Access::kAnalyst, "incidents", comment_incident},
    {"POST", "/api/v1/incidents/{uid}/merge", Access::kAnalyst, "incidents", merge_incidents},
    {"POST", "/api/v1/incidents/{uid}/split", Access::kAnalyst, "incidents", split_incident},
    {"GET", "/api/v1/incidents/{uid}/ocsf", Access::kAnalyst, "incidents", incident_ocsf},
    {"GET", "/api/v1/incidents/{uid}/stix", Access::kAnalyst, "incidents", incident_stix},
    {"GET", "/api/v1/suppressions", Access::kViewer, "alerts", list_suppressions},
    {"POST", "/api/v1/suppressions", Access::kAnalyst, "alerts", add_suppression},
    {"DELETE", "/api/v1/suppressions/{id}", Access::kAnalyst, "alerts", remove_suppression},
    {"GET", "/api/v1/stats/overview", Access::kViewer, "alerts", overview},
    {"GET", "/api/v1/agents", Access::kViewer, "fleet", list_agents},
    {"GET", "/api/v1/agents/{uid}", Access::kViewer, "fleet", get_agent},
    {"DELETE", "/api/v1/agents/{uid}", Access::kAdmin, "fleet", revoke_agent},
    {"GET", "/api/v1/coverage", Access::kViewer, "fleet", coverage},
    {"GET", "/api/v1/inventory", Access::kViewer, "fleet", inventory},
    {"GET", "/api/v1/users", Access::kViewer, "accounts", list_users},
    {"POST", "/api/v1/users", Access::kAdmin, "accounts", create_user},
    {"PATCH", "/api/v1/users/{name}", Access::kAdmin, "accounts", patch_user},
    {"DELETE", "/api/v1/users/{name}", Access::kAdmin, "accounts", remove_user},
    {"GET", "/api/v1/tokens", Access::kAdmin, "accounts", list_tokens},
    {"POST", "/api/v1/tokens", Access::kAdmin, "accounts", create_token},
    {"DELETE", "/api/v1/tokens/{id}", Access::kAdmin, "accounts", revoke_token},
    {"GET", "/api/v1/audit", Access::kAdmin, "audit", list_audit},
    {"GET", "/api/v1/exports", Access::kViewer, "exports", list_exports},
    {"POST", "/api/v1/agents/{uid}/enrolment", Access::kAdmin, "fleet", invite_agent},
    {"GET", "/api/v1/policy", Access::kAgent, "ingest", pull_policy},
    {"GET", "/api/v1/policies", Access::kViewer, "fleet", list_policies},
    {"POST", "/api/v1/policies", Access::kAdmin, "fleet", add_policy},
    {"POST", "/api/v1/policies/check", Access::kAnalyst, "fleet", check_policy},
    {"GET", "/api/v1/policies/{id}", Access::kViewer, "fleet", get_policy},
    {"PATCH", "/api/v1/policies/{id}", Access::kAdmin, "fleet", roll_out_policy},
    {"POST", "/api/v1/policies/{id}/rollback", Access::kAdmin, "fleet", roll_back_policy},
    {"PATCH", "/api/v1/agents/{uid}", Access::kAdmin, "fleet", patch_agent},
    {"POST", "/api/v1/enrolments", Access::kAdmin, "fleet", invite_agents},
    {"GET", "/api/v1/events", Access::kViewer, "events", events},
    {"GET", "/api/v1/openapi.yaml", Access::kNobody, "session", openapi},
    {"GET", "/healthz", Access::kNobody, "session", health},
    {"GET", "/metrics", Access::kViewer, "metrics", metrics},
    {"GET", "/{*}", Access::kNobody, "session", portal_file},
});

}  // namespace

std::span<const Route> routes() { return kRoutes; }

bool is_area(std::string_view area) {
  return std::any_of(kRoutes.begin(), kRoutes.end(),
                     [area](const Route& route) { return route.area == area; });
}

}  // namespace sonde::api
