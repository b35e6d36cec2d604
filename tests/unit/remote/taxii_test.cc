// A TAXII 2.1 server of the documented shape: paging by "next" and by date, revocation, errors
// midway.
#include "agent/app/remote/taxii.h"

#include <deque>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/app/remote/feeds.h"
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
class FakeServer {
 public:
  struct Request {
    std::string url;
    std::vector<std::string> headers;
  };

  void page(const std::vector<nlohmann::json>& objects, const std::string& last_added,
            const nlohmann::json& more = nlohmann::json::object()) {
    nlohmann::json envelope = {{"objects", objects}};
    envelope.update(more);
    answers.push_back(answer(200, envelope.dump()));
    answers.back().headers["x-taxii-date-added-last"] = last_added;
  }

  static egress::HttpAnswer answer(int status, std::string body) {
    egress::HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
  }

  Result<egress::HttpAnswer> get(const std::string& url, const std::vector<std::string>& headers) {
    requests.push_back({url, headers});
    if (answers.empty()) return fail("connection refused");
    egress::HttpAnswer answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }

  std::deque<egress::HttpAnswer> answers;
  std::vector<Request> requests;
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

  Result<TaxiiClient::Refreshed> refresh() {
    return TaxiiClient(config_, [this](const std::string& url,
                                       const auto& headers) { return server_.get(url, headers); })
        .refresh();
  }

  std::vector<std::string> list() {
    std::ifstream file(TaxiiClient::list_path(config_));
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
  server_.answers.push_back(FakeServer::answer(503, ""));
  EXPECT_FALSE(refresh().ok());
  server_.answers.push_back(FakeServer::answer(200, "<html>"));
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
  ASSERT_TRUE(set.load_file(TaxiiClient::list_path(config_)).ok());
  set.seal();
  EXPECT_EQ(set.size(), 2u);
  EXPECT_TRUE(set.match(*detect::parse_address("https://a.one.example/")));
  EXPECT_TRUE(set.match(*detect::parse_address("http://two.example/x")));
}

// A server that accepts and never answers.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    bound_ = ::bind(socket_, any, size) == 0 && ::listen(socket_, 4) == 0 &&
             ::getsockname(socket_, any, &size) == 0;
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(socket_); }
  bool is_bound() const { return bound_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/c/"; }
  // Blocks until somebody has asked.
  void await_question() const {
    const int connection = ::accept(socket_, nullptr, nullptr);
    char byte = 0;
    EXPECT_EQ(::recv(connection, &byte, 1, 0), 1);
    held_ = connection;
  }
  void hang_up() const { ::close(held_); }

 private:
  int socket_;
  bool bound_ = false;
  uint16_t port_ = 0;
  mutable int held_ = -1;
};

TEST(FeedsTest, AStopEndsATransferThatIsUnderWay) {
  const SilentServer server;
  ASSERT_TRUE(server.is_bound());
  TaxiiConfig config;
  config.collection = server.url();
  config.folder = testing::TempDir();
  config.timeout = std::chrono::seconds(600);
  bool reported = false;
  auto feeds = Feeds::start({config}, std::chrono::seconds(3600),
                            [&](const auto&, const auto&) { reported = true; });
  ASSERT_TRUE(feeds.ok()) << feeds.error().message;
  server.await_question();
  feeds->reset();  // would wait ten minutes, longer than a test may take
  server.hang_up();
  EXPECT_FALSE(reported) << "a refresh that was stopped has not failed";
}

}  // namespace
}  // namespace sonde::app
