// The route table: each operation once, with the least role it needs.
#include <array>

#include "collector/api/handlers.h"

namespace sonde::api {
namespace {

constexpr auto kRoutes = std::to_array<Route>({
    {"POST", "/api/v1/ingest", Access::kAgent, ingest},
    {"POST", "/api/v1/enrolment", Access::kNobody, enrol},
    {"POST", "/api/v1/enrolment/renewal", Access::kAgent, renew},
    {"POST", "/api/v1/sessions", Access::kNobody, login},
    {"DELETE", "/api/v1/sessions/current", Access::kViewer, logout},
    {"GET", "/api/v1/me", Access::kViewer, me},
    {"GET", "/api/v1/alerts", Access::kViewer, list_alerts},
    {"GET", "/api/v1/alerts.csv", Access::kAnalyst, export_alerts},
    {"GET", "/api/v1/alerts/{uid}", Access::kViewer, get_alert},
    {"PATCH", "/api/v1/alerts/{uid}", Access::kAnalyst, patch_alert},
    {"POST", "/api/v1/alerts/{uid}/comments", Access::kAnalyst, comment_alert},
    {"GET", "/api/v1/incidents", Access::kViewer, list_incidents},
    {"GET", "/api/v1/incidents/{uid}", Access::kViewer, get_incident},
    {"PATCH", "/api/v1/incidents/{uid}", Access::kAnalyst, patch_incident},
    {"POST", "/api/v1/incidents/{uid}/comments", Access::kAnalyst, comment_incident},
    {"POST", "/api/v1/incidents/{uid}/merge", Access::kAnalyst, merge_incidents},
    {"POST", "/api/v1/incidents/{uid}/split", Access::kAnalyst, split_incident},
    {"GET", "/api/v1/suppressions", Access::kViewer, list_suppressions},
    {"POST", "/api/v1/suppressions", Access::kAnalyst, add_suppression},
    {"DELETE", "/api/v1/suppressions/{id}", Access::kAnalyst, remove_suppression},
    {"GET", "/api/v1/stats/overview", Access::kViewer, overview},
    {"GET", "/api/v1/agents", Access::kViewer, list_agents},
    {"GET", "/api/v1/agents/{uid}", Access::kViewer, get_agent},
    {"DELETE", "/api/v1/agents/{uid}", Access::kAdmin, revoke_agent},
    {"GET", "/api/v1/coverage", Access::kViewer, coverage},
    {"GET", "/api/v1/inventory", Access::kViewer, inventory},
    {"GET", "/api/v1/users", Access::kViewer, list_users},
    {"GET", "/api/v1/tokens", Access::kAdmin, list_tokens},
    {"POST", "/api/v1/tokens", Access::kAdmin, create_token},
    {"DELETE", "/api/v1/tokens/{id}", Access::kAdmin, revoke_token},
    {"GET", "/api/v1/audit", Access::kAdmin, list_audit},
    {"GET", "/api/v1/events", Access::kViewer, events},
    {"GET", "/api/v1/openapi.yaml", Access::kNobody, openapi},
    {"GET", "/healthz", Access::kNobody, health},
    {"GET", "/metrics", Access::kViewer, metrics},
    {"GET", "/{*}", Access::kNobody, portal_file},
});

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace sonde::api
