// A TAXII 2.1 server of the documented shape: paging by "next" and by date, revocation, errors
// midway.
#include "agent/app/remote/taxii.h"

#include <deque>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "agent/detect/indicators.h"

namespace sonde::app {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

nlohmann::json indicator(const std::string& id, const std::string& pattern, bool revoked = false) {
  return {{"type", "indicator"},
          {"id", "indicator--" + id},
          {"pattern", pattern},
          {"revoked", revoked}};
}

// Answers what the test laid out, in order, and notes what was asked.
class FakeServer final : public HttpClient {
 public:
  void page(const std::vector<nlohmann::json>& objects, const std::string& last_added,
            const nlohmann::json& more = nlohmann::json::object()) {
    nlohmann::json envelope = {{"objects", objects}};
    envelope.update(more);
    answers.push_back({200, envelope.dump(), {{"x-taxii-date-added-last", last_added}}});
  }

  Result<HttpAnswer> send(const HttpRequest& request) override {
    requests.push_back(request);
    if (answers.empty()) return fail("connection refused");
    HttpAnswer answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }

  std::deque<HttpAnswer> answers;
  std::vector<HttpRequest> requests;
};

class TaxiiTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    config_.collection = "https://taxii.example/api1/collections/91a7b528";
    config_.folder = folder_;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<TaxiiClient::Refreshed> refresh() { return TaxiiClient(config_, server_).refresh(); }

  std::vector<std::string> list() {
    std::ifstream file(TaxiiClient(config_, server_).list_path());
    std::vector<std::string> values;
    for (std::string line; std::getline(file, line);)
      values.push_back(line.substr(0, line.find(',')));
    return values;
  }

  fs::path folder_;
  TaxiiConfig config_;
  FakeServer server_;
};

TEST_F(TaxiiTest, PagesAreFollowedByNext) {
  server_.page({indicator("1", "[domain-name:value = 'one.example']")}, "2026-01-01T00:00:00Z",
               {{"more", true}, {"next", "page 2"}});
  server_.page(
      {indicator("2", "[url:value = 'http://two.example/x'] OR [ipv4-addr:value = '203.0.113.7']"),
       {{"type", "malware"}, {"id", "malware--1"}}},
      "2026-01-02T00:00:00Z");
  const auto refreshed = refresh();
  ASSERT_TRUE(refreshed.ok()) << refreshed.error().message;
  EXPECT_EQ(refreshed->pages, 2u);
  EXPECT_EQ(refreshed->objects, 2u);
  EXPECT_THAT(list(), UnorderedElementsAre("one.example", "http://two.example/x", "203.0.113.7"));
  ASSERT_EQ(server_.requests.size(), 2u);
  EXPECT_THAT(server_.requests[0].url,
              AllOf(HasSubstr("/collections/91a7b528/objects/?match%5Btype%5D=indicator&limit="),
                    Not(HasSubstr("added_after"))));
  EXPECT_THAT(server_.requests[1].url, HasSubstr("&next=page%202"));
  EXPECT_THAT(server_.requests[0].headers, Contains("Accept: application/taxii+json;version=2.1"));
}

TEST_F(TaxiiTest, PagesAreFollowedByDateWhereNoNextIsNamed) {
  server_.page({indicator("1", "[domain-name:value = 'one.example']")}, "2026-01-01T00:00:00Z",
               {{"more", true}});
  server_.page({indicator("2", "[domain-name:value = 'two.example']")}, "2026-01-02T00:00:00Z");
  ASSERT_TRUE(refresh().ok());
  EXPECT_THAT(server_.requests[1].url, HasSubstr("added_after=2026-01-01T00%3A00%3A00Z"));
  EXPECT_THAT(list(), ElementsAre("one.example", "two.example"));
}

TEST_F(TaxiiTest, TheNextRefreshGoesOnAndKnowsRevocations) {
  server_.page({indicator("1", "[domain-name:value = 'one.example']"),
                indicator("2", "[domain-name:value = 'two.example']"),
                indicator("3", "[domain-name:value = 'three.example']")},
               "2026-01-01T00:00:00Z");
  ASSERT_TRUE(refresh().ok());
  server_.page(
      {indicator("1", "", true), indicator("2", "[domain-name:value = 'changed.example']")},
      "2026-01-05T00:00:00Z");
  ASSERT_TRUE(refresh().ok());
  EXPECT_THAT(server_.requests[1].url, HasSubstr("added_after=2026-01-01T00%3A00%3A00Z"));
  EXPECT_THAT(list(), UnorderedElementsAre("three.example", "changed.example"));
}

TEST_F(TaxiiTest, TheLastGoodCopyStaysWhateverTheServerDoes) {
  server_.page({indicator("1", "[domain-name:value = 'one.example']")}, "2026-01-01T00:00:00Z");
  ASSERT_TRUE(refresh().ok());
  EXPECT_FALSE(refresh().ok()) << "no server";
  server_.answers.push_back({503, "", {}});
  EXPECT_FALSE(refresh().ok());
  server_.answers.push_back({200, "<html>", {}});
  EXPECT_FALSE(refresh().ok());
  server_.page({indicator("2", "[domain-name:value = 'two.example']")}, "2026-01-02T00:00:00Z",
               {{"more", true}, {"next", "2"}});
  EXPECT_FALSE(refresh().ok()) << "it breaks off after the first page";
  server_.page({}, "2026-01-01T00:00:00Z", {{"more", true}});
  EXPECT_FALSE(refresh().ok()) << "more, but not where: that would never end";
  EXPECT_THAT(list(), ElementsAre("one.example"));
  server_.page({indicator("2", "[domain-name:value = 'two.example']")}, "2026-01-02T00:00:00Z");
  ASSERT_TRUE(refresh().ok());
  EXPECT_THAT(server_.requests.back().url, HasSubstr("added_after=2026-01-01"));
  EXPECT_THAT(list(), ElementsAre("one.example", "two.example"));
}

TEST_F(TaxiiTest, CredentialsGoIntoTheHeaderOnly) {
  const fs::path secret = folder_ / "secret";
  std::ofstream(secret) << "pass word\n";
  config_.secret_file = secret;
  server_.page({}, "");
  ASSERT_TRUE(refresh().ok());
  EXPECT_THAT(server_.requests[0].headers, Contains("Authorization: Bearer pass word"));
  config_.user = "mira";
  server_.page({}, "");
  ASSERT_TRUE(refresh().ok());
  EXPECT_THAT(server_.requests[1].headers, Contains("Authorization: Basic bWlyYTpwYXNzIHdvcmQ="));
  EXPECT_THAT(server_.requests[1].url, Not(HasSubstr("pass")));
}

TEST_F(TaxiiTest, TheListIsOneThatTheDetectorReads) {
  server_.page({indicator("1", "[domain-name:value = 'one.example']"),
                indicator("2", "[url:value = 'http://two.example/x']")},
               "2026-01-01T00:00:00Z");
  ASSERT_TRUE(refresh().ok());
  detect::IndicatorSet set;
  ASSERT_TRUE(set.load_file(TaxiiClient(config_, server_).list_path()).ok());
  set.seal();
  EXPECT_EQ(set.size(), 2u);
  EXPECT_TRUE(set.match(*detect::parse_address("https://a.one.example/")));
  EXPECT_TRUE(set.match(*detect::parse_address("http://two.example/x")));
}

TEST(HttpClientTest, OnlyThisHostMayBeAskedInPlainHttp) {
  for (const char* url : {"https://taxii.example/", "http://127.0.0.1:8080/x", "http://localhost/",
                          "http://[::1]:80/"}) {
    EXPECT_TRUE(is_allowed_url(url)) << url;
  }
  for (const char* url :
       {"http://taxii.example/", "http://127.0.0.1.evil.example/", "ftp://127.0.0.1/",
        "file:///etc/passwd", "https://", "http://localhost.evil.example/"}) {
    EXPECT_FALSE(is_allowed_url(url)) << url;
  }
}

}  // namespace
}  // namespace sonde::app
