// Policies: written, checked, rolled out by stages, taken back, pulled by agents.
#include "agent/config/policy.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/collector/support/service.h"

namespace sonde::api {
namespace {

using nlohmann::json;
using store::Role;

class PolicyApiTest : public testing::ServiceTest {
 protected:
  PolicyApiTest() {
    const auto keys = config::make_policy_keys();
    context_.config.policy_signing_key = keys->private_pem;
    public_key_ = keys->public_pem;
  }
  Response ask(Role role, const std::string& method, const std::string& path,
               const json& body = {}) {
    return send(as_token(request(method, path, body.is_null() ? "" : body.dump()), role));
  }
  int64_t publish(const std::string& document, int percent, const json& agents = json::array()) {
    const Response added = ask(Role::kAdmin, "POST", "/api/v1/policies",
                               {{"group", "default"},
                                {"document", document},
                                {"comment", "why"},
                                {"percent", percent},
                                {"agents", agents}});
    EXPECT_EQ(added.status, 201) << added.body;
    return json_of(added)["version"];
  }
  // The version that the agent is handed and that its key opens; 0: none.
  int64_t pulled(const std::string& agent, int64_t have = 0) {
    const Response got = send(as_agent(
        request("GET", "/api/v1/policy?group=default&have=" + std::to_string(have)), agent));
    if (got.status == 204) return 0;
    EXPECT_EQ(got.status, 200) << got.body;
    const json body = json_of(got);
    const auto opened = config::open_policy({body["bundle"], body["signature"]}, public_key_);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? opened->version : -1;
  }
  std::string public_key_;
};
SONDE_ON_BOTH_STORES(PolicyApiTest);

TEST_P(PolicyApiTest, AWrongDocumentIsRefusedWithTheLine) {
  const json body = {{"group", "default"},
                     {"document", "settings:\n  detect:\n    evidence: all\n"},
                     {"comment", "why"},
                     {"percent", 100}};
  const Response refused = ask(Role::kAdmin, "POST", "/api/v1/policies", body);
  ASSERT_EQ(refused.status, 422) << refused.body;
  const json problems = json_of(refused)["problems"];
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0]["line"], 3);
  const Response checked =
      ask(Role::kAnalyst, "POST", "/api/v1/policies/check", {{"document", body["document"]}});
  EXPECT_EQ(json_of(checked)["problems"], problems);
  EXPECT_EQ(pulled("agent-1"), 0);
  for (const json& wrong :
       {json{{"group", "No Group"}, {"document", "{}"}, {"comment", "c"}},
        json{{"group", "g"}, {"document", "{}"}},
        json{{"group", "g"}, {"document", "{}"}, {"comment", "c"}, {"percent", 101}},
        json{{"group", "g"}, {"document", "{}"}, {"comment", "c"}, {"agents", {"a b"}}}}) {
    EXPECT_EQ(ask(Role::kAdmin, "POST", "/api/v1/policies", wrong).status, 400) << wrong;
  }
}

TEST_P(PolicyApiTest, AStagedRollOutReachesTheSameAgentsAndThenAll) {
  const int64_t first = publish("settings: {detect: {evidence: none}}", 100);
  const int64_t second = publish("settings: {detect: {evidence: segment}}", 20, {"agent-7"});
  std::set<int> early;
  for (int i = 0; i < 60; ++i) {
    const int64_t got = pulled("agent-" + std::to_string(i));
    EXPECT_TRUE(got == first || got == second);
    if (got == second) early.insert(i);
  }
  EXPECT_TRUE(early.contains(7)) << "named";
  EXPECT_GT(early.size(), 3U);
  EXPECT_LT(early.size(), 30U);
  const std::string path = "/api/v1/policies/" + std::to_string(second);
  ASSERT_EQ(ask(Role::kAdmin, "PATCH", path, {{"percent", 60}}).status, 200);
  size_t later = 0;
  for (int i = 0; i < 60; ++i) {
    const bool got = pulled("agent-" + std::to_string(i)) == second;
    EXPECT_TRUE(got || !early.contains(i)) << "an agent that had it keeps it";
    later += got;
  }
  EXPECT_GT(later, early.size());
  ASSERT_EQ(ask(Role::kAdmin, "PATCH", path, {{"percent", 100}}).status, 200);
  EXPECT_EQ(pulled("agent-59"), second);
  EXPECT_EQ(pulled("agent-59", second), 0) << "it has it already";
}

TEST_P(PolicyApiTest, RollingBackIsANewVersionWithTheOldText) {
  const int64_t first = publish("settings: {detect: {evidence: none}}", 100);
  publish("settings: {detect: {evidence: segment}}", 100);
  const Response back =
      ask(Role::kAdmin, "POST", "/api/v1/policies/" + std::to_string(first) + "/rollback",
          json::object());
  ASSERT_EQ(back.status, 201) << back.body;
  EXPECT_EQ(json_of(back)["document"], "settings: {detect: {evidence: none}}");
  EXPECT_EQ(pulled("agent-1"), json_of(back)["version"]);
  const json list = json_of(ask(Role::kViewer, "GET", "/api/v1/policies"));
  EXPECT_EQ(list["items"].size(), 3U);
  EXPECT_EQ(list["enabled"], true);
}

TEST_P(PolicyApiTest, TheStateOfEachAgentIsShown) {
  const int64_t version = publish("settings: {}", 100);
  const auto beat = [&](const std::string& agent, const json& policy) {
    const json heartbeat = {{"agent_id", agent},
                            {"hostname", agent + ".example"},
                            {"counters", json::object()},
                            {"policy", policy}};
    const Response sent =
        send(as_agent(request("POST", "/api/v1/ingest",
                              json{{"type", "heartbeat"}, {"heartbeat", heartbeat}}.dump() + "\n"),
                      agent));
    EXPECT_EQ(json_of(sent)["accepted"], 1) << sent.body;
  };
  beat("agent-1", {{"version", version}, {"group", "default"}});
  beat("agent-2", {{"version", 0}, {"refused_version", version}, {"refused_because", "rules:1"}});
  const json shown =
      json_of(ask(Role::kViewer, "GET", "/api/v1/policies/" + std::to_string(version)));
  ASSERT_EQ(shown["state"].size(), 2U);
  EXPECT_EQ(shown["state"][0]["version"], version);
  EXPECT_FALSE(shown["state"][0].contains("refused_because"));
  EXPECT_EQ(shown["state"][1]["refused_because"], "rules:1");
  EXPECT_EQ(shown["state"][1]["rolled_out"], true);
  const Response moved =
      ask(Role::kAdmin, "PATCH", "/api/v1/agents/agent-2", {{"policy_group", "databases"}});
  EXPECT_EQ(json_of(moved)["policy_group"], "databases");
  EXPECT_EQ(pulled("agent-2"), 0) << "its group has no policy";
  EXPECT_EQ(pulled("agent-1"), version);
  bool audited = false;
  const json entries = json_of(ask(Role::kAdmin, "GET", "/api/v1/audit"));
  for (const json& entry : entries["items"]) {
    audited |= entry["action"] == "agent.group" && entry["object"] == "agent-2";
  }
  EXPECT_TRUE(audited);
}

}  // namespace
}  // namespace sonde::api
