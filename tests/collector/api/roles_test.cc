// Every route for every kind of caller. The table is written by hand, apart from the route table:
// a route that is missing here, or whose access changed, fails.
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "tests/collector/support/sample.h"
#include "tests/collector/support/service.h"

namespace sonde::api {
namespace {

using store::Role;

class RolesTest : public testing::ServiceTest {};
SONDE_ON_BOTH_STORES(RolesTest);

const std::map<std::string, Access>& expected_access() {
  static const std::map<std::string, Access> kTable = {
      {"POST /api/v1/ingest", Access::kAgent},
      {"POST /api/v1/enrolment", Access::kNobody},
      {"POST /api/v1/enrolment/renewal", Access::kAgent},
      {"GET /api/v1/fingerprint-key", Access::kAgent},
      {"POST /api/v1/sessions", Access::kNobody},
      {"DELETE /api/v1/sessions/current", Access::kViewer},
      {"GET /api/v1/me", Access::kViewer},
      {"GET /api/v1/login", Access::kNobody},
      {"GET /api/v1/sessions/oidc", Access::kNobody},
      {"GET /api/v1/sessions/oidc/callback", Access::kNobody},
      {"POST /api/v1/me/password", Access::kViewer},
      {"POST /api/v1/users", Access::kAdmin},
      {"PATCH /api/v1/users/{name}", Access::kAdmin},
      {"DELETE /api/v1/users/{name}", Access::kAdmin},
      {"GET /api/v1/incidents/{uid}/ocsf", Access::kAnalyst},
      {"GET /api/v1/incidents/{uid}/stix", Access::kAnalyst},
      {"GET /api/v1/exports", Access::kViewer},
      {"POST /api/v1/agents/{uid}/enrolment", Access::kAdmin},
      {"GET /api/v1/alerts", Access::kViewer},
      {"GET /api/v1/alerts.csv", Access::kAnalyst},
      {"GET /api/v1/alerts/{uid}", Access::kViewer},
      {"PATCH /api/v1/alerts/{uid}", Access::kAnalyst},
      {"POST /api/v1/alerts/{uid}/comments", Access::kAnalyst},
      {"GET /api/v1/incidents", Access::kViewer},
      {"GET /api/v1/incidents/{uid}", Access::kViewer},
      {"PATCH /api/v1/incidents/{uid}", Access::kAnalyst},
      {"POST /api/v1/incidents/{uid}/comments", Access::kAnalyst},
      {"POST /api/v1/incidents/{uid}/merge", Access::kAnalyst},
      {"POST /api/v1/incidents/{uid}/split", Access::kAnalyst},
      {"GET /api/v1/suppressions", Access::kViewer},
      {"POST /api/v1/suppressions", Access::kAnalyst},
      {"DELETE /api/v1/suppressions/{id}", Access::kAnalyst},
      {"GET /api/v1/stats/overview", Access::kViewer},
      {"GET /api/v1/agents", Access::kViewer},
      {"GET /api/v1/agents/{uid}", Access::kViewer},
      {"DELETE /api/v1/agents/{uid}", Access::kAdmin},
      {"GET /api/v1/coverage", Access::kViewer},
      {"GET /api/v1/inventory", Access::kViewer},
      {"GET /api/v1/users", Access::kViewer},
      {"GET /api/v1/tokens", Access::kAdmin},
      {"POST /api/v1/tokens", Access::kAdmin},
      {"DELETE /api/v1/tokens/{id}", Access::kAdmin},
      {"GET /api/v1/audit", Access::kAdmin},
      {"GET /api/v1/events", Access::kViewer},
      {"GET /api/v1/openapi.yaml", Access::kNobody},
      {"GET /api/v1/policy", Access::kAgent},
      {"GET /api/v1/policies", Access::kViewer},
      {"POST /api/v1/policies", Access::kAdmin},
      {"POST /api/v1/policies/check", Access::kAnalyst},
      {"GET /api/v1/policies/{id}", Access::kViewer},
      {"PATCH /api/v1/policies/{id}", Access::kAdmin},
      {"POST /api/v1/policies/{id}/rollback", Access::kAdmin},
      {"PATCH /api/v1/agents/{uid}", Access::kAdmin},
      {"POST /api/v1/enrolments", Access::kAdmin},
      {"GET /healthz", Access::kNobody},
      {"GET /metrics", Access::kViewer},
      {"GET /{*}", Access::kNobody},
  };
  return kTable;
}

std::string concrete(std::string path) {
  for (const auto& [from, to] : {std::pair("{uid}", "alert-1"),
                                 {"{id}", "999999"},
                                 {"{name}", "nobody"},
                                 {"{*}", "no/such.file"}}) {
    const size_t at = path.find(from);
    if (at != std::string::npos) path.replace(at, std::string(from).size(), to);
  }
  return path;
}

bool allowed(Access access, std::optional<Role> role) {
  switch (access) {
    case Access::kNobody:
      return true;
    case Access::kAgent:
      return role == Role::kAgent;
    case Access::kViewer:
      return role == Role::kViewer || role == Role::kAnalyst || role == Role::kAdmin;
    case Access::kAnalyst:
      return role == Role::kAnalyst || role == Role::kAdmin;
    case Access::kAdmin:
      return role == Role::kAdmin;
  }
  return false;
}

TEST_P(RolesTest, EachRouteServesExactlyItsRoles) {
  std::set<std::string> seen;
  for (const Route& route : routes()) {
    const std::string name = std::string(route.method) + " " + std::string(route.pattern);
    ASSERT_TRUE(expected_access().contains(name)) << name << " is not in this test's table";
    seen.insert(name);
    const Access access = expected_access().at(name);
    for (const std::optional<Role> role :
         {std::optional<Role>(), std::optional(Role::kViewer), std::optional(Role::kAnalyst),
          std::optional(Role::kAdmin), std::optional(Role::kAgent)}) {
      Request asked = request(std::string(route.method), concrete(std::string(route.pattern)));
      if (role) asked = as_token(asked, *role);
      const int status = send(asked).status;
      const bool refused = status == 403 || (!role && status == 401);
      // Inside an allowed operation 401 may still mean "wrong password", never without a body.
      EXPECT_EQ(!refused, allowed(access, role))
          << name << " for " << (role ? store::to_string(*role) : "nobody") << ": " << status;
    }
  }
  EXPECT_EQ(seen.size(), expected_access().size());
}

TEST_P(RolesTest, TheDescriptionAndTheRouteTableHoldTheSameOperations) {
  const YAML::Node document =
      YAML::LoadFile(std::string(SONDE_SOURCE_DIR) + "/collector/api/openapi.yaml");
  const std::map<std::string, Access> names = {{"none", Access::kNobody},
                                               {"viewer", Access::kViewer},
                                               {"analyst", Access::kAnalyst},
                                               {"admin", Access::kAdmin},
                                               {"agent", Access::kAgent}};
  std::map<std::string, Access> described;
  for (const auto& path : document["paths"]) {
    for (const char* method : {"get", "post", "patch", "delete"}) {
      const YAML::Node operation = path.second[method];
      if (!operation) continue;
      std::string name = method;
      for (char& c : name) c = static_cast<char>(std::toupper(c));
      described[name + " " + path.first.as<std::string>()] =
          names.at(operation["x-role"].as<std::string>());
    }
  }
  std::map<std::string, Access> served;
  for (const Route& route : routes()) {
    if (route.pattern == "/{*}") continue;
    served[std::string(route.method) + " " + std::string(route.pattern)] = route.access;
  }
  EXPECT_EQ(described, served);
}

TEST_P(RolesTest, BadCredentialsGetNothing) {
  const auto status = [this](const std::string& header, const std::string& value) {
    Request asked = request("GET", "/api/v1/alerts");
    asked.headers.emplace_back(header, value);
    return send(asked).status;
  };
  EXPECT_EQ(status("authorization", "Bearer guess"), 401);
  EXPECT_EQ(status("authorization", "Bearer "), 401);
  EXPECT_EQ(status("authorization", "Basic YWRhOmFkYQ=="), 401);
  EXPECT_EQ(status("cookie", "__Host-sonde_session=guess"), 401);
  EXPECT_EQ(status("cookie", "other=1"), 401);
  const auto brief = context_.accounts.create_token("x", Role::kAdmin, now_ms_, now_ms_ + 10);
  EXPECT_EQ(status("authorization", "Bearer " + brief->secret), 200);
  now_ms_ += 10;
  EXPECT_EQ(status("authorization", "Bearer " + brief->secret), 401);
}

TEST_P(RolesTest, ARevokedCertificateAndAStrangeNameGetNothing) {
  const auto deliver_as = [this](const std::string& agent) {
    return send(as_agent(request("POST", "/api/v1/ingest", "{}"), agent)).status;
  };
  EXPECT_EQ(deliver_as("agent-1"), 200);
  EXPECT_EQ(deliver_as("bad name"), 403);
  EXPECT_EQ(deliver_as(""), 403);
  ASSERT_TRUE(context_.fleet.revoke("agent-1", now_ms_).ok());
  EXPECT_EQ(deliver_as("agent-1"), 403);
  EXPECT_EQ(deliver_as("agent-2"), 200);
}

TEST_P(RolesTest, ASessionNeedsItsCsrfTokenToChangeAnything) {
  deliver(testing::sample_line(1));
  const auto [cookie, csrf] = log_in(Role::kAnalyst);
  const auto patch = [&](const std::string& token) {
    Request asked = request("PATCH", "/api/v1/alerts/alert-1", R"({"status":"resolved"})");
    asked.headers.emplace_back("cookie", cookie);
    if (!token.empty()) asked.headers.emplace_back("x-csrf-token", token);
    return send(asked).status;
  };
  EXPECT_EQ(patch(""), 403);
  EXPECT_EQ(patch("guess"), 403);
  EXPECT_EQ(patch(csrf), 200);
}

TEST_P(RolesTest, AOneTimePasswordOpensNothingButTheChoiceOfAnother) {
  const auto created = send(as_token(
      request("POST", "/api/v1/users", R"({"username":"eve","role":"admin"})"), Role::kAdmin));
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string password = json_of(created)["password"];
  const auto log_in_as = [this](const std::string& secret) {
    return send(request("POST", "/api/v1/sessions",
                        nlohmann::json{{"username", "eve"}, {"password", secret}}.dump()));
  };
  const auto opened = log_in_as(password);
  ASSERT_EQ(opened.status, 201);
  EXPECT_EQ(json_of(opened)["must_change_password"], true);
  const auto with_session = [](Request asked, const Response& session) {
    const std::string cookie = session.headers.back().second;
    asked.headers.emplace_back("cookie", cookie.substr(0, cookie.find(';')));
    asked.headers.emplace_back("x-csrf-token", json_of(session)["csrf_token"]);
    return asked;
  };
  EXPECT_EQ(send(with_session(request("GET", "/api/v1/alerts"), opened)).status, 403);
  EXPECT_EQ(send(with_session(request("GET", "/api/v1/audit"), opened)).status, 403);
  EXPECT_EQ(send(with_session(request("GET", "/api/v1/me"), opened)).status, 200);
  const auto change = [&](const std::string& current, const std::string& wanted) {
    const nlohmann::json body = {{"current", current}, {"password", wanted}};
    return send(with_session(request("POST", "/api/v1/me/password", body.dump()), opened));
  };
  EXPECT_EQ(change("guess guess guess", "a better password").status, 403);
  EXPECT_EQ(change(password, password).status, 400);
  EXPECT_EQ(change(password, "short").status, 400);
  const auto changed = change(password, "a better password");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_FALSE(json_of(changed).contains("must_change_password"));
  EXPECT_EQ(send(with_session(request("GET", "/api/v1/alerts"), changed)).status, 200);
  EXPECT_EQ(send(with_session(request("GET", "/api/v1/me"), opened)).status, 401)
      << "the old session is over";
  EXPECT_EQ(log_in_as(password).status, 401);
}

TEST_P(RolesTest, ATokenWithScopesIsGoodForTheseAreasOnly) {
  const auto made = send(as_token(
      request("POST", "/api/v1/tokens", R"({"name":"m","role":"viewer","scopes":["metrics"]})"),
      Role::kAdmin));
  ASSERT_EQ(made.status, 201) << made.body;
  const auto get = [&](const std::string& path) {
    Request asked = request("GET", path);
    const std::string secret = json_of(made)["secret"];
    asked.headers.emplace_back("authorization", "Bearer " + secret);
    return send(asked).status;
  };
  EXPECT_EQ(get("/metrics"), 200);
  for (const char* path : {"/api/v1/alerts", "/api/v1/agents", "/api/v1/users", "/api/v1/events"}) {
    EXPECT_EQ(get(path), 403) << path;
  }
  const auto wrong =
      request("POST", "/api/v1/tokens", R"({"name":"m","role":"viewer","scopes":["everything"]})");
  EXPECT_EQ(send(as_token(wrong, Role::kAdmin)).status, 400);
}

TEST_P(RolesTest, AnAdministratorCannotRemoveTheirOwnAccount) {
  const auto [cookie, csrf] = log_in(Role::kAdmin);
  Request asked = request("DELETE", "/api/v1/users/ada");
  asked.headers.emplace_back("cookie", cookie);
  asked.headers.emplace_back("x-csrf-token", csrf);
  EXPECT_EQ(send(asked).status, 409);
}

TEST_P(RolesTest, LoggingOutEndsTheSession) {
  const auto [cookie, csrf] = log_in(Role::kViewer);
  Request asked = request("GET", "/api/v1/me");
  asked.headers.emplace_back("cookie", "a=b; " + cookie);
  EXPECT_EQ(json_of(send(asked))["username"], "ada");
  Request out = request("DELETE", "/api/v1/sessions/current");
  out.headers.emplace_back("cookie", cookie);
  out.headers.emplace_back("x-csrf-token", csrf);
  EXPECT_EQ(send(out).status, 204);
  EXPECT_EQ(send(asked).status, 401);
}

TEST_P(RolesTest, GuessingPasswordsIsSlowedDown) {
  ASSERT_TRUE(context_.accounts.add_user("ada", Role::kViewer, testing::kPassword, 1).ok());
  const Request guess =
      request("POST", "/api/v1/sessions", R"({"username":"ada","password":"guess guess"})");
  int refused = 0;
  Response last;
  for (int i = 0; i < 15; ++i) {
    last = send(guess);
    refused += last.status == 429 ? 1 : 0;
  }
  EXPECT_EQ(refused, 5);
  EXPECT_EQ(last.headers.back().first, "Retry-After");
  now_ms_ += 20'000;
  EXPECT_EQ(send(guess).status, 401);
}

TEST_P(RolesTest, OneStrangerCannotKeepAPersonOut) {
  ASSERT_TRUE(context_.accounts.add_user("ada", Role::kViewer, testing::kPassword, 1).ok());
  const auto log_in_from = [](const std::string& address, const std::string& password) {
    Request asked = request("POST", "/api/v1/sessions",
                            R"({"username":"ada","password":")" + password + R"("})");
    asked.remote_address = address;
    return asked;
  };
  // One address for a quarter of an hour, as often as it likes.
  for (int i = 0; i < 300; ++i) {
    now_ms_ += 3000;
    const int status = send(log_in_from("192.0.2.66", "guess guess")).status;
    ASSERT_TRUE(status == 401 || status == 429) << status;
  }
  EXPECT_EQ(send(log_in_from("192.0.2.7", testing::kPassword)).status, 201);
}

TEST_P(RolesTest, AFleetEnrolsAtOnceAndLoginsAreNotHeldUpByIt) {
  context_.config.client_ca_key = "/nonexistent/ca.key";
  Request asked = request("POST", "/api/v1/enrolment", R"({"token":"t","csr":"none"})");
  for (int i = 0; i < 200; ++i) ASSERT_NE(send(asked).status, 429) << i;
  const Response refused = send(asked);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.back().first, "Retry-After");
  ASSERT_TRUE(context_.accounts.add_user("ada", Role::kViewer, testing::kPassword, 1).ok());
  EXPECT_EQ(
      send(request("POST", "/api/v1/sessions",
                   nlohmann::json{{"username", "ada"}, {"password", testing::kPassword}}.dump()))
          .status,
      201);
}

}  // namespace
}  // namespace sonde::api
