// An agent's enrolment, policy and certificate against the real collector.
#include "agent/app/fleet_client.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "agent/app/delivery.h"
#include "agent/app/fingerprint_key.h"
#include "agent/app/policy_store.h"
#include "agent/detect/fingerprint.h"
#include "agent/sink/enrolment.h"
#include "tests/delivery/collector_process.h"
#include "tests/unit/sink/temporary_directory.h"

namespace sonde::app {
namespace {

using nlohmann::json;

class FleetClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    admin_ = collector_.command("token create root --role admin");
    ASSERT_TRUE(collector_.start());
    pki_ = directory_.path() + "/pki";
    config_.state_directory = directory_.path();
    config_.collector.url = collector_.url();
    config_.collector.ca = collector_.ca();
    config_.collector.cert = pki_ + "/agent.crt";
    config_.collector.key = pki_ + "/agent.key";
    config_.collector.policy_key = pki_ + "/policy.pub";
    config_.collector.heartbeat_interval = std::chrono::seconds(1);
  }
  Result<std::string> enrol(const std::string& token, const std::string& id = {}) {
    sink::EnrolmentRequest request;
    request.url = collector_.url();
    request.ca = collector_.ca();
    request.token = token;
    request.directory = pki_;
    request.agent_id = id;
    return sink::enrol(request);
  }
  int64_t publish(const std::string& document) {
    const json made = collector_.call(
        "/api/v1/policies", admin_,
        json{{"group", "default"}, {"document", document}, {"comment", "why"}, {"percent", 100}}
            .dump());
    EXPECT_TRUE(made.contains("version")) << made.dump();
    return made.value("version", int64_t{0});
  }
  static bool arrives(FleetClient& client) {
    for (int i = 0; i < 1500; ++i) {
      if (client.take_arrival()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  ::sonde::testing::CollectorProcess collector_;
  sink::TemporaryDirectory directory_;
  std::string admin_;
  std::string pki_;
  config::Config config_;
};

TEST_F(FleetClientTest, APolicyArrivesSignedHoldsOverRestartsAndNeverGoesBack) {
  ASSERT_TRUE(enrol(collector_.command("agent enrol web-1")).ok());
  const int64_t first = publish("settings: {detect: {evidence: none}}\nfiles: {rules: 'a: 1'}\n");
  const auto client = FleetClient::start(config_);
  ASSERT_TRUE(client.ok()) << client.error().message;
  ASSERT_TRUE(arrives(**client));
  PolicyStore store(config_.state_directory, config_.collector.policy_key);
  EXPECT_FALSE(store.current()->has_value()) << "not before it was tried";
  const auto candidate = store.candidate();
  ASSERT_TRUE(candidate.ok()) << candidate.error().message;
  ASSERT_TRUE(candidate->has_value());
  EXPECT_EQ((*candidate)->bundle.version, first);
  std::ifstream rules((*candidate)->directory + "/rules");
  std::string text;
  EXPECT_TRUE(std::getline(rules, text) && text == "a: 1") << text;
  std::ifstream kept(directory_.path() + "/policy.next.json");
  const json played_back = json::parse(kept);
  ASSERT_TRUE(store.accept().ok());
  (*client)->settle("default", first);
  const int64_t second = publish("settings: {detect: {evidence: segment}}\n");
  ASSERT_TRUE(arrives(**client));
  ASSERT_TRUE(store.accept().ok());
  EXPECT_EQ((*store.current())->bundle.version, second);
  EXPECT_FALSE(std::filesystem::exists((*candidate)->directory)) << "files of the old version";
  const Status old = store.offer({played_back["bundle"], played_back["signature"]});
  ASSERT_FALSE(old.ok());
  EXPECT_NE(old.error().message.find("is older than"), std::string::npos) << old.error().message;
}

TEST_F(FleetClientTest, APolicyThatAnotherKeySignedIsNotEvenKept) {
  ASSERT_TRUE(enrol(collector_.command("agent enrol web-1")).ok());
  const auto others = config::make_policy_keys();
  std::ofstream(config_.collector.policy_key) << others->public_pem;
  publish("settings: {}\n");
  PolicyStore store(config_.state_directory, config_.collector.policy_key);
  const auto client = sink::CollectorClient::create(collector_client_config(config_.collector));
  const auto answer = (*client)->get("/api/v1/policy?have=0");
  ASSERT_TRUE(answer.ok() && answer->status == 200);
  const json body = json::parse(answer->body);
  EXPECT_FALSE(store.offer({body["bundle"], body["signature"]}).ok());
  EXPECT_FALSE(store.candidate()->has_value());
}

TEST_F(FleetClientTest, ACertificateIsRenewedWithANewKeyAndDeliversOn) {
  ASSERT_TRUE(enrol(collector_.command("agent enrol web-1")).ok());
  const auto client = sink::CollectorClient::create(collector_client_config(config_.collector));
  const sink::CertificateFiles files{config_.collector.cert, config_.collector.key};
  const auto read = [](const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string old_key = read(files.key);
  const std::string old_certificate = read(files.certificate);
  const Status renewed = sink::renew(**client, files);
  ASSERT_TRUE(renewed.ok()) << renewed.error().message;
  EXPECT_NE(read(files.key), old_key);
  EXPECT_NE(read(files.certificate), old_certificate);
  EXPECT_TRUE(sink::belong_together(files.certificate, files.key));
  const auto again = sink::CollectorClient::create(collector_client_config(config_.collector));
  EXPECT_EQ((*again)->get("/api/v1/policy?have=0")->status, 204);
  collector_.command("agent revoke web-1");
  EXPECT_EQ((*again)->get("/api/v1/policy?have=0")->status, 403);
  EXPECT_FALSE(sink::renew(**again, files).ok()) << "a revoked one is not renewed";
  EXPECT_TRUE(sink::belong_together(files.certificate, files.key)) << "and nothing is lost";
}

TEST_F(FleetClientTest, AnInterruptedReplacementLeavesAPairThatBelongsTogether) {
  ASSERT_TRUE(enrol(collector_.command("agent enrol web-1")).ok());
  const sink::CertificateFiles files{config_.collector.cert, config_.collector.key};
  const std::string aside = directory_.path() + "/aside";
  std::filesystem::copy(pki_, aside);
  const auto client = sink::CollectorClient::create(collector_client_config(config_.collector));
  ASSERT_TRUE(sink::renew(**client, files).ok());
  // As if the machine had stopped after the key was replaced, before the certificate was.
  std::filesystem::rename(files.certificate, files.certificate + ".next");
  std::filesystem::copy(aside + "/agent.crt", files.certificate);
  EXPECT_FALSE(sink::belong_together(files.certificate, files.key));
  sink::finish_replacement(files);
  EXPECT_TRUE(sink::belong_together(files.certificate, files.key));
  // And before either was: what was made is forgotten.
  std::filesystem::copy(aside + "/agent.crt", files.certificate + ".next");
  std::filesystem::copy(aside + "/agent.key", files.key + ".next");
  sink::finish_replacement(files);
  EXPECT_TRUE(sink::belong_together(files.certificate, files.key));
  EXPECT_FALSE(std::filesystem::exists(files.key + ".next"));
}

TEST_F(FleetClientTest, OneTokenEnrolsManyHostsButNoneTwice) {
  const json made =
      collector_.call("/api/v1/enrolments", admin_, json{{"uses", 2}, {"days", 1}}.dump());
  const std::string token = made.value("token", "");
  const auto first = enrol(token, "node-1");
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(*first, "node-1");
  EXPECT_FALSE(enrol(token, "node-1").ok()) << "nobody takes node-1's place";
  EXPECT_TRUE(enrol(token, "node-2").ok());
  EXPECT_FALSE(enrol(token, "node-3").ok()) << "used up";
}

// One secret on two hosts: one of which enrolled when collectors had no key to hand out.
TEST_F(FleetClientTest, OneSecretHasOneFingerprintOnEveryHostAndTheCollectorJoinsThem) {
  ASSERT_TRUE(enrol(collector_.command("agent enrol web-1")).ok());
  const auto first_key = fingerprint_key(config_);
  ASSERT_TRUE(first_key.ok()) << first_key.error().message;
  config::Config second = config_;
  second.state_directory = directory_.path() + "/second";
  pki_ = second.state_directory + "/pki";
  second.collector.cert = pki_ + "/agent.crt";
  second.collector.key = pki_ + "/agent.key";
  second.collector.policy_key.clear();
  ASSERT_TRUE(enrol(collector_.command("agent enrol web-2")).ok());
  std::filesystem::remove(pki_ + "/fleet.key");
  const auto own_key = fingerprint_key(second);
  ASSERT_TRUE(own_key.ok()) << own_key.error().message;
  EXPECT_NE(*own_key, *first_key);
  {
    const auto client = FleetClient::start(second);
    ASSERT_TRUE(client.ok()) << client.error().message;
    EXPECT_TRUE(arrives(**client));
  }
  const auto second_key = fingerprint_key(second);
  ASSERT_TRUE(second_key.ok()) << second_key.error().message;
  EXPECT_EQ(*second_key, *first_key);
  const auto again = FleetClient::start(second);
  EXPECT_FALSE((*again)->take_arrival()) << "it is there already";

  const auto deliver = [](const config::Config& config, const std::string& host,
                          const std::string& key) {
    json alert = {{"class_uid", 2004},
                  {"time", std::time(nullptr) * 1000},
                  {"severity_id", 3},
                  {"finding_info",
                   {{"uid", "on-" + host}, {"title", "A key"}, {"types", {"credential.response"}}}},
                  {"device", {{"hostname", host}}}};
    alert["unmapped"]["sonde"]["entities"] = {
        {{"type", "secret"}, {"value", detect::fingerprint(key, "sk-the-same-on-both")}}};
    const auto client = sink::CollectorClient::create(collector_client_config(config.collector));
    const auto answer = (*client)->post("/api/v1/ingest", {"Content-Type: application/x-ndjson"},
                                        json{{"type", "alert"}, {"alert", alert}}.dump());
    EXPECT_TRUE(answer.ok() && answer->status == 200) << (answer.ok() ? answer->body : "");
  };
  deliver(config_, "web-1", *first_key);
  deliver(second, "web-2", *second_key);
  json incidents;
  for (int i = 0; i < 200 && incidents["items"].empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    incidents = collector_.call("/api/v1/incidents", admin_);
  }
  ASSERT_EQ(incidents["items"].size(), 1U) << incidents.dump();
  EXPECT_EQ(incidents["items"][0]["alert_count"], 2) << incidents.dump();
}

TEST_F(FleetClientTest, AnOperatorsKeyFileWinsOverTheCollectors) {
  ASSERT_TRUE(enrol(collector_.command("agent enrol web-1")).ok());
  config_.detect.fingerprint_key_file = directory_.path() + "/own.key";
  std::ofstream(config_.detect.fingerprint_key_file) << std::string(64, 'a') << "\n";
  EXPECT_EQ(fingerprint_key(config_).value_or(""), std::string(32, '\xaa'));
  EXPECT_FALSE(keep_fleet_key(config_, std::string(64, 'b')).value_or(true));
  std::ofstream(config_.detect.fingerprint_key_file) << "short";
  EXPECT_FALSE(fingerprint_key(config_).ok());
}

TEST(RenewalTest, IsDueAtTwoThirdsOfTheLifeALittleDifferentForEach) {
  sink::CertificateFacts facts{"web-1", 0, 90 * 86400};
  EXPECT_FALSE(sink::renewal_is_due(facts, 55 * 86400));
  EXPECT_TRUE(sink::renewal_is_due(facts, 65 * 86400));
  size_t due = 0;
  for (int i = 0; i < 100; ++i) {
    facts.common_name = "web-" + std::to_string(i);
    due += sink::renewal_is_due(facts, 60 * 86400);
  }
  EXPECT_GT(due, 10U);
  EXPECT_LT(due, 90U);
}

}  // namespace
}  // namespace sonde::app
