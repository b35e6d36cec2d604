// The small parts of the API, without a store.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include <gtest/gtest.h>
#include <unistd.h>

#include "collector/api/events.h"
#include "collector/api/pki.h"
#include "collector/api/rate_limiter.h"
#include "collector/api/tls.h"
#include "collector/api/url.h"
#include "collector/portal/assets.h"

namespace sonde::api {
namespace {

TEST(PercentDecodeTest, EscapesAreUndoneAndBrokenOnesRefused) {
  EXPECT_EQ(percent_decode("a%20b%C3%BC+", false), "a b\xC3\xBC+");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  for (const char* broken : {"%", "%4", "%zz", "%00", "%FF", "%C3", "%ED%A0%80"}) {
    EXPECT_FALSE(percent_decode(broken, true)) << broken;
  }
}

// Whoever reloads a page, or is sent its address, must get the portal.
TEST(PortalAssetsTest, EveryPageOfThePortalHasAnAddress) {
  std::ifstream file(std::string(SONDE_SOURCE_DIR) + "/collector/portal/src/App.tsx");
  const std::string source{std::istreambuf_iterator<char>(file), {}};
  const std::regex pattern(R"re(pattern: "([^"]+)")re");
  size_t pages = 0;
  for (std::sregex_iterator found(source.begin(), source.end(), pattern), end; found != end;
       ++found, ++pages) {
    EXPECT_NE(portal::find_asset((*found)[1].str()), nullptr) << (*found)[1];
  }
  EXPECT_GE(pages, 13U);
  EXPECT_EQ(portal::find_asset("/no-such-page"), nullptr);
}

TEST(ParseQueryTest, PairsKeepTheirOrder) {
  const auto query = parse_query("a=1&&b=%3D&c&a=2");
  ASSERT_TRUE(query);
  EXPECT_EQ(*query, (Query{{"a", "1"}, {"b", "="}, {"c", ""}, {"a", "2"}}));
  std::string many;
  for (int i = 0; i < 200; ++i) many += "a=1&";
  EXPECT_FALSE(parse_query(many));
}

TEST(RateLimiterTest, ABurstThenARate) {
  RateLimiter limiter({2, 3}, 10);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.take("a", 1000), 0);
  EXPECT_EQ(limiter.take("a", 1000), 1);
  EXPECT_EQ(limiter.take("b", 1000), 0);
  EXPECT_EQ(limiter.take("a", 1500), 0);
  EXPECT_EQ(limiter.take("a", 1500), 1);
  EXPECT_EQ(limiter.take("a", 500), 1) << "a clock that goes back gives nothing away";
}

TEST(RateLimiterTest, AFloodOfKeysLiftsNoLimit) {
  RateLimiter limiter({1, 1}, 3);
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(limiter.take(key, 0), 0);
  EXPECT_GT(limiter.take("d", 0), 0);
  EXPECT_GT(limiter.take("a", 0), 0);
  EXPECT_EQ(limiter.take("d", 1000), 0) << "recovered keys made room";
}

TEST(SubscriptionTest, WhatDoesNotFitIsCounted) {
  EventHub hub(1);
  const auto listener = hub.subscribe();
  EXPECT_EQ(hub.subscribe(), nullptr);
  for (size_t i = 0; i < Subscription::kQueuedEvents + 7; ++i) hub.publish("x", "{}");
  const std::string text = listener->take();
  EXPECT_TRUE(text.starts_with("event: x\ndata: {}\n\n"));
  EXPECT_TRUE(text.ends_with("event: events.dropped\ndata: {\"count\":7}\n\n"));
  EXPECT_EQ(listener->take(), "");
}

class PkiTest : public ::testing::Test {
 protected:
  PkiTest() {
    std::string path = (std::filesystem::temp_directory_path() / "sonde-pki.XXXXXX").string();
    directory_ = ::mkdtemp(path.data());
  }
  ~PkiTest() override { std::filesystem::remove_all(directory_); }
  CaFiles files(const std::string& name) const {
    return {directory_ + "/" + name + ".crt", directory_ + "/" + name + ".key"};
  }
  std::string directory_;
};

TEST_F(PkiTest, AnAuthorityIsMadeOnceAndItsKeyIsPrivate) {
  ASSERT_TRUE(ensure_ca(files("ca")).ok());
  const auto written = std::filesystem::last_write_time(files("ca").certificate);
  ASSERT_TRUE(ensure_ca(files("ca")).ok());
  EXPECT_EQ(std::filesystem::last_write_time(files("ca").certificate), written);
  EXPECT_EQ(std::filesystem::status(files("ca").key).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::remove(files("ca").key);
  EXPECT_FALSE(ensure_ca(files("ca")).ok()) << "an authority is never replaced in silence";
}

TEST_F(PkiTest, AServerCertificateServes) {
  ASSERT_TRUE(ensure_ca(files("ca")).ok());
  ASSERT_TRUE(
      ensure_server_certificate(files("ca"), files("server"), {"localhost", "127.0.0.1", "::1"})
          .ok());
  const auto tls =
      make_tls_context({files("server").certificate, files("server").key, files("ca").certificate});
  EXPECT_TRUE(tls.ok()) << tls.error().message;
  const auto mixed = make_tls_context({files("server").certificate, files("ca").key, ""});
  EXPECT_FALSE(mixed.ok());
  EXPECT_FALSE(make_tls_context({"/nowhere", "/nowhere", ""}).ok());
}

TEST_F(PkiTest, OnlyAProperRequestIsSigned) {
  ASSERT_TRUE(ensure_ca(files("ca")).ok());
  const auto request = make_request("whatever I like");
  ASSERT_TRUE(request.ok());
  const auto issued = sign_agent(files("ca"), request->csr, "agent-1", 1'763'880'000'000);
  ASSERT_TRUE(issued.ok()) << issued.error().message;
  EXPECT_EQ(issued->fingerprint.size(), 64U);
  EXPECT_EQ(issued->not_after_ms, 1'763'880'000'000 + 90LL * 24 * 3'600'000);
  EXPECT_FALSE(sign_agent(files("ca"), "nonsense", "agent-1", 0).ok());
  EXPECT_FALSE(sign_agent(files("ca"), request->key, "agent-1", 0).ok());
  std::string tampered = request->csr;
  const size_t middle = tampered.size() / 2;
  tampered[middle] = tampered[middle] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(sign_agent(files("ca"), tampered, "agent-1", 0).ok());
}

}  // namespace
}  // namespace sonde::api
