#include "collector/api/service.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "collector/api/url.h"
#include "tests/collector/support/sample.h"
#include "tests/collector/support/service.h"

namespace sonde::api {
namespace {

using nlohmann::json;
using store::Role;
using testing::sample_line;

class ApiTest : public testing::ServiceTest {
 protected:
  Response get(const std::string& target, Role role = Role::kViewer) {
    return send(as_token(request("GET", target), role));
  }
  Response post_batch(const std::string& body, const std::string& encoding = "") {
    Request asked = as_agent(request("POST", "/api/v1/ingest", body));
    if (!encoding.empty()) asked.headers.emplace_back("content-encoding", encoding);
    return send(asked);
  }
};
SONDE_ON_BOTH_STORES(ApiTest);

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

TEST_P(ApiTest, ABatchTellsWhatWasNewKnownAndWrong) {
  const auto response =
      post_batch(sample_line(1) + "\r\n\n" + sample_line(1) + "\nnonsense\n" + sample_line(2));
  ASSERT_EQ(response.status, 200);
  const json outcome = testing::ServiceTest::json_of(response);
  EXPECT_EQ(outcome["accepted"], 2);
  EXPECT_EQ(outcome["duplicates"], 1);
  ASSERT_EQ(outcome["rejected"].size(), 1U);
  EXPECT_EQ(outcome["rejected"][0]["line"], 4);
  EXPECT_EQ(response.body.find("nonsense"), std::string::npos) << "a refusal quotes no input";
  EXPECT_EQ(json_of(post_batch(zstd(sample_line(2) + "\n" + sample_line(3)), "zstd"))["accepted"],
            1);
  EXPECT_EQ(json_of(get("/api/v1/alerts"))["items"].size(), 3U);
}

TEST_P(ApiTest, BrokenAndOversizedBatchesAreRefusedWhole) {
  EXPECT_EQ(post_batch("no zstd", "zstd").status, 400);
  const std::string packed = zstd(sample_line(1));
  EXPECT_EQ(post_batch(packed.substr(0, packed.size() / 2), "zstd").status, 400);
  EXPECT_EQ(post_batch(sample_line(1), "gzip").status, 415);
  // 64 MiB of zeros in a few kilobytes.
  EXPECT_EQ(post_batch(zstd(std::string(64 << 20, ' ')), "zstd").status, 413);
  EXPECT_EQ(post_batch(std::string(25'000, '\n')).status, 413);
  EXPECT_EQ(json_of(get("/api/v1/alerts"))["items"].size(), 0U);
}

TEST_P(ApiTest, AWrongClockNeitherHidesAnAlertNorKeepsItFirst) {
  const auto dated = [](int number, int64_t time_ms) {
    std::string line = sample_line(number);
    const std::string own = std::to_string(testing::kSampleTimeMs + number * 1000);
    return line.replace(line.find(own), own.size(), std::to_string(time_ms));
  };
  constexpr int64_t kYear = 365 * 24 * 3'600'000LL;
  now_ms_ = testing::kSampleTimeMs + 5000;
  deliver(dated(1, 5));
  deliver(dated(2, now_ms_ + 10 * kYear));
  now_ms_ += 60'000;
  deliver(sample_line(3));
  deliver(dated(4, now_ms_ + 300'000));  // a clock a little ahead
  deliver(dated(5, now_ms_));
  const json items = json_of(get("/api/v1/alerts"))["items"];
  std::vector<std::string> uids;
  for (const json& item : items) uids.push_back(item["uid"]);
  EXPECT_EQ(uids,
            (std::vector<std::string>{"alert-4", "alert-5", "alert-2", "alert-1", "alert-3"}));
  const json first = json_of(get("/api/v1/alerts/alert-1"));
  EXPECT_EQ(first["time"], testing::kSampleTimeMs + 5000);
  EXPECT_EQ(first["ocsf"]["time"], 5) << "what the host said is kept";
  EXPECT_EQ(metrics_.value(Counter::kIngestMisdated), 2U);
}

TEST_P(ApiTest, AListThatShowsEvidenceIsOneAuditedLookAndEventsShowNone) {
  for (int i = 1; i <= 3; ++i) deliver(sample_line(i));
  const auto log = [this] { return json_of(get("/api/v1/audit", Role::kAdmin))["items"]; };
  ASSERT_EQ(get("/api/v1/alerts?q=key&limit=2").status, 200);
  const json looks = log();
  ASSERT_EQ(looks.size(), 1U) << looks;
  EXPECT_EQ(looks[0]["action"], "alerts.list");
  const std::string detail = looks[0]["detail"];
  EXPECT_NE(detail.find("2 alerts"), std::string::npos) << detail;
  EXPECT_NE(detail.find("q=key"), std::string::npos) << detail;
  ASSERT_EQ(get("/api/v1/alerts?q=nothinglikethis").status, 200);
  EXPECT_EQ(log().size(), 1U) << "nothing was shown";
  log_in(Role::kAnalyst);
  const auto as_ada = [this](const std::string& target) {
    Request asked = request("GET", target);
    const auto opened =
        send(request("POST", "/api/v1/sessions",
                     json{{"username", "ada"}, {"password", testing::kPassword}}.dump()));
    for (const auto& [name, value] : opened.headers) {
      if (name == "Set-Cookie")
        asked.headers.emplace_back("cookie", value.substr(0, value.find(';')));
    }
    return send(asked);
  };
  const size_t before = log().size();
  EXPECT_EQ(as_ada("/api/v1/alerts").status, 200);
  EXPECT_EQ(as_ada("/api/v1/alerts").status, 200);
  EXPECT_EQ(log().size(), before + 3) << "two logins, and one look: a page that refreshed itself";
  now_ms_ += 700'000;
  EXPECT_EQ(as_ada("/api/v1/alerts").status, 200);
  EXPECT_EQ(log().size(), before + 5);
  const auto listener = events_.subscribe();
  send(as_token(request("PATCH", "/api/v1/alerts/alert-1", R"({"status":"resolved"})"),
                Role::kAnalyst));
  const std::string event = listener->take();
  EXPECT_NE(event.find("alert-1"), std::string::npos);
  EXPECT_EQ(event.find("sk-"), std::string::npos) << event;
}

TEST_P(ApiTest, AnAgentSpeaksOnlyForItself) {
  const auto response = send(as_agent(request("POST", "/api/v1/ingest", sample_line(1)), "other"));
  EXPECT_EQ(json_of(response)["accepted"], 0);
  EXPECT_EQ(json_of(response)["rejected"].size(), 1U);
}

TEST_P(ApiTest, AnAlertShowsItsStoredJsonAndEachLookIsAudited) {
  deliver(sample_line(1));
  const auto response = get("/api/v1/alerts/alert-1");
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(json_of(response)["ocsf"], json::parse(testing::sample_ocsf(1)));
  EXPECT_EQ(json_of(response)["severity"], "medium");
  const json log = json_of(get("/api/v1/audit?object=alert-1", Role::kAdmin));
  ASSERT_EQ(log["items"].size(), 1U);
  EXPECT_EQ(log["items"][0]["action"], "alert.read");
  EXPECT_EQ(log["items"][0]["source"], "192.0.2.7");
  EXPECT_TRUE(log["items"][0]["actor"].get<std::string>().starts_with("token:"));
  EXPECT_EQ(get("/api/v1/alerts/nobody").status, 404);
  log_in(Role::kViewer);
  EXPECT_EQ(json_of(get("/api/v1/audit?actor=ada", Role::kAdmin))["items"].size(), 1U);
  EXPECT_EQ(json_of(get("/api/v1/audit?actor=user:ada", Role::kAdmin))["items"].size(), 1U);
  EXPECT_EQ(json_of(get("/api/v1/audit?actor=ad", Role::kAdmin))["items"].size(), 0U);
}

TEST_P(ApiTest, WorkOnAnAlertIsCheckedKeptAndTold) {
  deliver(sample_line(1));
  const auto listener = events_.subscribe();
  const auto patch = [this](const std::string& body) {
    return send(as_token(request("PATCH", "/api/v1/alerts/alert-1", body), Role::kAnalyst));
  };
  for (const char* wrong : {"{}", "[]", "null", "1", "{", R"({"status":"done"})", R"({"status":1})",
                            R"({"classification":"x"})", R"({"assignee":7})", R"({"uid":"x"})",
                            R"({"assignee":"a\u0000b"})", R"({"assignee":"ada"})"}) {
    EXPECT_EQ(patch(wrong).status, 400) << wrong;
  }
  ASSERT_TRUE(context_.accounts.add_user("ada", Role::kAnalyst, testing::kPassword, 1).ok());
  EXPECT_EQ(listener->take(), "");
  const auto changed =
      patch(R"({"status":"in_progress","assignee":"ada","classification":"true_positive"})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_NE(listener->take().find("event: alert.updated\ndata: {"), std::string::npos);
  EXPECT_EQ(json_of(get("/api/v1/alerts?assignee=ada&status=in_progress"))["items"].size(), 1U);
  EXPECT_EQ(json_of(patch(R"({"assignee":null})"))["assignee"], nullptr);
  const auto comment =
      send(as_token(request("POST", "/api/v1/alerts/alert-1/comments", R"({"text":"<b>seen</b>"})"),
                    Role::kAnalyst));
  EXPECT_EQ(comment.status, 201);
  EXPECT_EQ(json_of(get("/api/v1/alerts/alert-1"))["comments"][0]["text"], "<b>seen</b>");
}

TEST_P(ApiTest, ListsPageAndRefuseWhatTheyDoNotKnow) {
  for (int i = 1; i <= 5; ++i) deliver(sample_line(i));
  json page = json_of(get("/api/v1/alerts?limit=2"));
  ASSERT_EQ(page["items"].size(), 2U);
  EXPECT_EQ(page["items"][0]["uid"], "alert-5");
  page = json_of(get("/api/v1/alerts?limit=4&cursor=" + page["next_cursor"].get<std::string>()));
  ASSERT_EQ(page["items"].size(), 3U);
  EXPECT_EQ(page["next_cursor"], nullptr);
  for (const char* wrong :
       {"limit=0", "limit=501", "limit=x", "cursor=abc", "cursor=1-", "severity=bad", "status=bad",
        "since=-1", "until=1e9", "sverity=high", "q=%FF"}) {
    const std::string target = "/api/v1/alerts?" + std::string(wrong);
    // What cannot be decoded is refused by the connection, before any handler.
    if (!parse_query(wrong)) continue;
    EXPECT_EQ(get(target).status, 400) << wrong;
  }
}

TEST_P(ApiTest, InjectionThroughEveryParameterFindsNothingAndBreaksNothing) {
  deliver(sample_line(1));
  for (const char* attack :
       {"' OR '1'='1", "'; DROP TABLE alerts; --", "\") OR 1=1 --", "%' OR 'a' LIKE '%",
        "alerts_search MATCH 'x'", "* NOT x", "NEAR(a b)", "a:b", "^x", "{x}", "'x' | 'y'", "!x",
        "\\", "$1", "?1", ":*", "<->"}) {
    for (const char* name : {"alert", "host", "agent", "provider", "model", "app", "zone",
                             "assignee", "incident", "q"}) {
      Request asked = as_token(request("GET", "/api/v1/alerts"), Role::kViewer);
      asked.query = {{name, attack}};
      const Response response = send(asked);
      ASSERT_EQ(response.status, 200) << name << "=" << attack << " " << response.body;
      if (std::string(name) != "q") {
        EXPECT_EQ(json_of(response)["items"].size(), 0U) << name << "=" << attack;
      }
    }
    Request read = as_token(request("GET", "/api/v1/alerts/x"), Role::kViewer);
    read.path = "/api/v1/alerts/" + std::string("%27%20OR%201=1");
    EXPECT_EQ(send(read).status, 404);
  }
  EXPECT_EQ(json_of(get("/api/v1/alerts"))["items"].size(), 1U);
}

TEST_P(ApiTest, MarkupInEveryFieldStaysTextInsideJson) {
  const std::string attack = R"(</script><img src=x onerror=alert(1)>)";
  std::string line = sample_line(1);
  for (const char* field : {"A credential in an answer", "web-1", "gpt-4o", "openai", "chatbot",
                            "the key is sk-**** number1"}) {
    const size_t at = line.find(field);
    ASSERT_NE(at, std::string::npos) << field;
    line.replace(at, std::string(field).size(), attack);
  }
  deliver(line);
  for (const char* target : {"/api/v1/alerts", "/api/v1/alerts/alert-1"}) {
    const Response response = get(target);
    EXPECT_EQ(response.content_type, "application/json");
    EXPECT_TRUE(json_of(response).is_object());
    EXPECT_NE(response.body.find(attack), std::string::npos) << "text is kept as it is";
  }
}

TEST_P(ApiTest, ACsvCellNeverStartsAFormula) {
  std::string line = sample_line(1);
  line.replace(line.find("A credential in"), 15, "=cmd|'/c calc'!A0 \\\"x");
  deliver(line);
  const Response response = get("/api/v1/alerts.csv", Role::kAnalyst);
  ASSERT_EQ(response.status, 200);
  EXPECT_NE(response.body.find(R"("'=cmd|'/c calc'!A0 ""x an answer")"), std::string::npos)
      << response.body;
}

TEST_P(ApiTest, WordsAreFoundWithoutDiacriticsAndWithoutSpaces) {
  std::string line = sample_line(1);
  line.replace(line.find("A credential in"), 15, "na\u00EFve \u8BF7\u5FFD\u7565\u4EE5\u524D");
  deliver(line);
  deliver(sample_line(2));
  const auto found = [this](const std::string& words) {
    Request asked = request("GET", "/api/v1/alerts");
    asked.query.emplace_back("q", words);
    return json_of(send(as_token(asked, Role::kViewer)))["items"].size();
  };
  for (const char* words :
       {"naive", "NA\u00CFVE", "\u5FFD\u7565", "\u7565\u4EE5\u524D", "\u524D", "\u8BF7"}) {
    EXPECT_EQ(found(words), 1U) << words;
  }
  EXPECT_EQ(found("\u524D\u4EE5"), 0U);
}

TEST_P(ApiTest, ACsvNamesTimesForPeople) {
  deliver(sample_line(1));
  const Response response = get("/api/v1/alerts.csv", Role::kAnalyst);
  EXPECT_NE(response.body.find("\r\n2025-11-23T06:40:01.000Z,0.93,"), std::string::npos)
      << response.body;
}

TEST_P(ApiTest, TheOverviewCountsThePeriod) {
  for (int i = 1; i <= 3; ++i) deliver(sample_line(i));
  const json counts = json_of(
      get(fmt::format("/api/v1/stats/overview?since={}&until={}",
                      testing::kSampleTimeMs - 7'200'000, testing::kSampleTimeMs + 3'600'000)));
  EXPECT_EQ(counts["total"], 3);
  EXPECT_EQ(counts["by_severity"], json::parse(R"([{"key":"medium","count":3}])"));
  EXPECT_EQ(counts["top_models"][0]["key"], "gpt-4o");
  EXPECT_EQ(counts["buckets"].size(), 4U);
  int64_t sum = 0;
  for (const json& bucket : counts["buckets"]) {
    for (const auto& amount : bucket["by_severity"]) sum += amount.get<int64_t>();
  }
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(get("/api/v1/stats/overview?since=5&until=5").status, 400);
  EXPECT_EQ(get("/api/v1/stats/overview?since=0").status, 400);
}

TEST_P(ApiTest, AgentsAreHealthyStaleOrRevoked) {
  deliver(R"({"type":"heartbeat","heartbeat":{"agent_id":"agent-1","hostname":"web-1",)"
          R"("version":"1","coverage":[{"pid":1,"exe":"/a","covered":true},)"
          R"({"pid":2,"exe":"/b","covered":false,"reason":"unknown build"}]}})");
  EXPECT_EQ(json_of(get("/api/v1/agents"))["items"][0]["status"], "healthy");
  EXPECT_EQ(json_of(get("/api/v1/coverage?covered=false"))["items"][0]["reason"], "unknown build");
  EXPECT_EQ(json_of(get("/api/v1/coverage"))["items"].size(), 2U);
  EXPECT_EQ(json_of(get("/api/v1/agents/agent-1"))["coverage"].size(), 2U);
  now_ms_ += 200'000;
  EXPECT_EQ(json_of(get("/api/v1/agents"))["items"][0]["status"], "stale");
  EXPECT_EQ(send(as_token(request("DELETE", "/api/v1/agents/agent-1"), Role::kAdmin)).status, 204);
  EXPECT_EQ(json_of(get("/api/v1/agents"))["items"][0]["status"], "revoked");
}

TEST_P(ApiTest, TokensAreMadeShownOnceAndRevoked) {
  const Response made =
      send(as_token(request("POST", "/api/v1/tokens", R"({"name":"ci","role":"viewer","days":1})"),
                    Role::kAdmin));
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string secret = json_of(made)["secret"];
  Request asked = request("GET", "/api/v1/me");
  asked.headers.emplace_back("authorization", "bEARER " + secret);
  EXPECT_EQ(json_of(send(asked))["username"], "ci") << "schemes know no case";
  EXPECT_EQ(get("/api/v1/tokens", Role::kAdmin).body.find(secret), std::string::npos);
  const std::string target = fmt::format("/api/v1/tokens/{}", json_of(made)["id"].get<int>());
  EXPECT_EQ(send(as_token(request("DELETE", target), Role::kAdmin)).status, 204);
  EXPECT_EQ(send(as_token(request("DELETE", target), Role::kAdmin)).status, 404);
  EXPECT_EQ(send(asked).status, 401);
  for (const char* wrong :
       {R"({"name":"x"})", R"({"name":"x","role":"root"})", R"({"name":"a b","role":"agent"})",
        R"({"name":"x","role":"viewer","days":0})", R"({"name":"x","role":"viewer","scopes":[]})",
        R"({"name":"x","role":"viewer","scopes":["no"]})"}) {
    EXPECT_EQ(send(as_token(request("POST", "/api/v1/tokens", wrong), Role::kAdmin)).status, 400)
        << wrong;
  }
}

TEST_P(ApiTest, UnknownPathsAndMethodsAreToldApart) {
  EXPECT_EQ(send(request("GET", "/api/v1/nothing")).status, 404);
  EXPECT_EQ(send(request("PUT", "/api/v1/alerts")).status, 405);
  EXPECT_EQ(send(request("GET", "/../etc/passwd.txt")).status, 404);
  Request page = request("GET", "/no-such-page");
  EXPECT_EQ(json_of(send(page))["status"], 404);
  page.headers.emplace_back("accept", "text/html,application/xhtml+xml");
  EXPECT_EQ(send(page).status, 404);
  EXPECT_TRUE(send(page).content_type.starts_with("text/html")) << send(page).content_type;
  EXPECT_EQ(send(request("GET", "/api/v1/openapi.yaml")).status, 200);
  EXPECT_EQ(json_of(send(request("GET", "/healthz")))["status"], "ok");
  EXPECT_NE(get("/metrics").body.find("sonde_collector_requests_total"), std::string::npos);
  EXPECT_TRUE(get("/metrics").body.ends_with("# EOF\n"));
}

TEST_P(ApiTest, AnIncidentIsReadWorkedOnMergedAndSplit) {
  // Severity high, each with a conversation of its own: three incidents.
  for (int i = 1; i <= 3; ++i) {
    std::string line = sample_line(i);
    line.replace(line.find("\"severity_id\":3"), 15, "\"severity_id\":4");
    line.replace(line.find("\"c-1\""), 5, fmt::format("\"c-{}\"", i));
    deliver(line);
  }
  ASSERT_TRUE(context_.correlator.run_once(100).ok());
  json list = json_of(get("/api/v1/incidents"));
  ASSERT_EQ(list["items"].size(), 3U) << list;
  const std::string first = list["items"][2]["uid"];
  const std::string second = list["items"][1]["uid"];
  const auto post = [&](const std::string& path, const json& body) {
    return send(as_token(request("POST", "/api/v1/incidents/" + first + path, body.dump()),
                         Role::kAnalyst));
  };
  EXPECT_EQ(json_of(post("/merge", {{"from", {second}}}))["alert_count"], 2);
  EXPECT_EQ(json_of(get("/api/v1/incidents/" + second))["uid"], first);
  const json detail = json_of(get("/api/v1/incidents/" + first));
  EXPECT_EQ(detail["alerts"][1]["joined_by"]["rule"], "merged");
  EXPECT_EQ(detail["timeline"].size(), 2U);
  EXPECT_EQ(detail["hosts"], json::array({"web-1"}));
  EXPECT_EQ(json_of(get("/api/v1/alerts?incident=" + first))["items"].size(), 2U);
  EXPECT_EQ(json_of(get("/api/v1/alerts/alert-1"))["incident_uid"], first);
  EXPECT_EQ(post("/split", {{"alerts", {"alert-2"}}}).status, 201);
  EXPECT_EQ(post("/split", {{"alerts", {"alert-1"}}}).status, 400);
  EXPECT_EQ(post("/merge", {{"from", {"INC-999"}}}).status, 404);
  EXPECT_EQ(post("/merge", {{"from", json::array()}}).status, 400);
  EXPECT_EQ(post("/comments", {{"text", "mine"}}).status, 201);
  const Response patched =
      send(as_token(request("PATCH", "/api/v1/incidents/" + first,
                            R"({"status":"resolved","classification":"benign","title":"Drill"})"),
                    Role::kAnalyst));
  ASSERT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(json_of(get("/api/v1/incidents/" + first))["title"], "Drill");
  EXPECT_EQ(json_of(get("/api/v1/alerts/alert-1"))["classification"], "benign");
  EXPECT_EQ(json_of(get("/api/v1/incidents?status=resolved"))["items"].size(), 1U);
  EXPECT_EQ(json_of(get("/api/v1/incidents?host=web-9"))["items"].size(), 0U);
  EXPECT_EQ(get("/api/v1/incidents/INC-x").status, 404);
  EXPECT_EQ(json_of(get("/api/v1/stats/overview"))["open_incidents"], 2);
  const json log = json_of(get("/api/v1/audit?object=" + first, Role::kAdmin));
  EXPECT_GE(log["items"].size(), 5U);
}

TEST_P(ApiTest, ASuppressionKeepsSimilarAlertsQuiet) {
  const auto add = [this](const std::string& body) {
    return send(as_token(request("POST", "/api/v1/suppressions", body), Role::kAnalyst));
  };
  for (const char* wrong :
       {R"({"reason":"x"})", R"({"alert":"credential.response","reason":"x"})",
        R"({"host":"web-1"})", R"({"host":"web-1","reason":"x","days":0})",
        R"({"host":"web-1","reason":"x","other":1})", R"({"entity_type":"secret","reason":"x"})"}) {
    EXPECT_EQ(add(wrong).status, 400) << wrong;
  }
  const Response added =
      add(R"({"alert":"credential.response","entity_type":"secret","entity_value":"fp:1",)"
          R"("reason":"test key","days":1})");
  ASSERT_EQ(added.status, 201) << added.body;
  deliver(sample_line(1));
  deliver(sample_line(2));
  EXPECT_EQ(json_of(get("/api/v1/alerts?status=suppressed"))["items"][0]["uid"], "alert-1");
  EXPECT_EQ(json_of(get("/api/v1/alerts?status=new"))["items"].size(), 1U);
  EXPECT_EQ(json_of(get("/api/v1/suppressions"))["items"][0]["matched"], 1);
  now_ms_ += 2 * 24 * 3'600'000LL;
  std::string expired = sample_line(1);
  expired.replace(expired.find("alert-1"), 7, "alert-9");
  deliver(expired);
  EXPECT_EQ(json_of(get("/api/v1/alerts?status=new"))["items"].size(), 2U) << "the rule expired";
  const std::string path = fmt::format("/api/v1/suppressions/{}", json_of(added)["id"].get<int>());
  EXPECT_EQ(send(as_token(request("DELETE", path), Role::kAnalyst)).status, 204);
  EXPECT_EQ(send(as_token(request("DELETE", path), Role::kAnalyst)).status, 404);
}

TEST_P(ApiTest, OnlySoManyLiveViewsAreOpen) {
  std::vector<Response> open;
  for (int i = 0; i < 8; ++i) open.push_back(get("/api/v1/events"));
  EXPECT_TRUE(open.back().events);
  EXPECT_EQ(get("/api/v1/events").status, 503);
  open.pop_back();
  EXPECT_EQ(get("/api/v1/events").status, 200);
}

TEST_P(ApiTest, ALiveViewEndsWithItsSession) {
  const auto [cookie, csrf] = log_in(Role::kViewer);
  Request asked = request("GET", "/api/v1/events");
  asked.headers.emplace_back("cookie", cookie);
  const Response response = send(asked);
  ASSERT_TRUE(response.events);
  EXPECT_TRUE(response.events->still_allowed());
  now_ms_ += context_.config.limits.session_ms;
  EXPECT_FALSE(response.events->still_allowed());
}

}  // namespace
}  // namespace sonde::api
