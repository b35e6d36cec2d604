// From a finding to the collector's store, over real TLS, with the collector going away and coming
// back: every alert is there once.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "agent/alert/alert.h"
#include "agent/alert/records.h"
#include "agent/sink/certificate.h"
#include "agent/sink/collector_carrier.h"
#include "agent/sink/curl_transport.h"
#include "agent/sink/spooled_sink.h"
#include "collector/api/pki.h"
#include "tests/delivery/collector_process.h"
#include "tests/unit/alert/sample.h"

namespace sonde::sink {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

class DeliveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    viewer_ = collector_.command("token create look --role analyst");
    ASSERT_FALSE(viewer_.empty());
    transport_.ca = collector_.ca();
    transport_.cert = collector_.directory() + "/agent.crt";
    transport_.key = collector_.directory() + "/agent.key";
    host_ = alert::sample_host();
  }

  // A certificate for agent-1, from a collector that runs.
  void enrol() {
    const std::string token = collector_.command("agent enrol agent-1");
    const auto request = api::make_request("agent-1");
    ASSERT_TRUE(request.ok());
    const json issued = collector_.call("/api/v1/enrolment", "",
                                        json{{"token", token}, {"csr", request->csr}}.dump());
    ASSERT_TRUE(issued.contains("certificate")) << issued.dump();
    std::ofstream(transport_.cert) << issued["certificate"].get<std::string>();
    std::ofstream(transport_.key) << request->key;
    ::chmod(transport_.key.c_str(), 0600);
  }

  std::unique_ptr<SpooledSink> make_sink() {
    transport_.url = collector_.url();
    auto transport = CurlTransport::create(transport_);
    auto spool = Spool::open({collector_.directory() + "/spool", 64 << 20}, counters_);
    if (!transport.ok() || !spool.ok()) return nullptr;
    SpooledSinkConfig config;
    config.batch_records = 100;
    config.first_pause = milliseconds(20);
    config.longest_pause = milliseconds(200);
    return std::make_unique<SpooledSink>(std::move(*spool),
                                         std::make_unique<CollectorCarrier>(std::move(*transport)),
                                         config, counters_);
  }

  // Alert `number`, remembered as sent.
  Record alert_of(int number) {
    detect::Finding finding = alert::sample_finding();
    finding.severity = static_cast<detect::Severity>(number % 5);
    llm::Exchange exchange = alert::sample_exchange();
    exchange.id = fmt::format("exchange-{}", number);
    alert::Alert made = alert::make_alert(finding, exchange, host_);
    sent_.insert(made.uid);
    return {RecordKind::kAlert, made.severity, std::move(made.json)};
  }
  void write(SpooledSink& sink, int first, int count) {
    std::vector<Record> records;
    for (int i = first; i < first + count; ++i) records.push_back(alert_of(i));
    ASSERT_TRUE(sink.write(records).ok());
  }
  static bool drained(const SpooledSink& sink) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(60);
    while (sink.state().waiting > 0) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
  }
  void expect_each_once() {
    std::vector<std::string> stored = collector_.stored_alerts(viewer_);
    EXPECT_EQ(stored.size(), sent_.size());
    EXPECT_EQ(std::set<std::string>(stored.begin(), stored.end()), sent_);
    EXPECT_EQ(counters_.value(Count::kSinkRejected), 0U);
    EXPECT_EQ(counters_.value(Count::kSpoolDropped), 0U);
  }

  ::sonde::testing::CollectorProcess collector_;
  std::string viewer_;
  CollectorClientConfig transport_;
  alert::HostFacts host_;
  Counters counters_;
  std::set<std::string> sent_;
};

TEST_F(DeliveryTest, EveryKindOfRecordIsUnderstoodByTheCollector) {
  ASSERT_TRUE(collector_.start());
  enrol();
  EXPECT_EQ(read_certificate(transport_.cert)->common_name, "agent-1");
  const auto sink = make_sink();
  ASSERT_NE(sink, nullptr);
  const std::vector<alert::CoverageEntry> coverage = {
      {7, "/usr/bin/node", "openssl", "3.0.17", "symbol", true, ""}};
  const Record alert = alert_of(0);
  ASSERT_TRUE(
      sink->write(
              {{alert,
                {RecordKind::kActivity, {}, alert::make_activity(alert::sample_exchange(), host_)},
                {RecordKind::kHeartbeat, {}, alert::make_heartbeat(host_, counters_, coverage)}}})
          .ok());
  ASSERT_TRUE(drained(*sink));
  EXPECT_EQ(counters_.value(Count::kSinkDelivered), 3U);
  expect_each_once();

  const json shown = collector_.call("/api/v1/alerts/" + *sent_.begin(), viewer_);
  const std::string text = shown.dump();
  EXPECT_NE(text.find("the key is [github:fp1234]"), std::string::npos) << text;
  const json list = collector_.call("/api/v1/alerts", viewer_);
  ASSERT_TRUE(list.contains("items") && list["items"].size() == 1) << list.dump();
  const json& item = list["items"][0];
  EXPECT_EQ(item["alert"], "credential.response");
  EXPECT_EQ(item["host"], "web-1");
  EXPECT_EQ(item["agent_id"], "agent-1");
  EXPECT_EQ(item["application"], "shop");
  EXPECT_EQ(item["provider"], "openai");
  EXPECT_EQ(item["zone"], "assistant");
  EXPECT_NEAR(item["score"].get<double>(), 0.934, 1e-9);
}

TEST_F(DeliveryTest, KillsOfTheCollectorLoseAndDoubleNothing) {
  ASSERT_TRUE(collector_.start());
  enrol();
  const auto sink = make_sink();
  ASSERT_NE(sink, nullptr);
  constexpr int kRounds = 8;
  constexpr int kEach = 500;
  for (int round = 0; round < kRounds; ++round) {
    write(*sink, round * kEach, kEach);
    std::this_thread::sleep_for(milliseconds(7 * round));  // in the middle of some batch
    collector_.stop(round % 2 == 0 ? SIGKILL : SIGTERM);
    write(*sink, (kRounds + round) * kEach, kEach);  // while it is away
    ASSERT_TRUE(collector_.start());
  }
  EXPECT_TRUE(drained(*sink));
  EXPECT_EQ(sink->state().trouble, "");
  expect_each_once();
  EXPECT_EQ(sent_.size(), static_cast<size_t>(2 * kRounds * kEach));
}

TEST_F(DeliveryTest, ATokenDoesWhereThereIsNoCertificate) {
  ASSERT_TRUE(collector_.start());
  transport_.cert.clear();
  transport_.key.clear();
  transport_.token_file = collector_.directory() + "/token";
  std::ofstream(transport_.token_file) << "no such token\n";
  const auto refused = make_sink();
  EXPECT_EQ(refused->state().trouble, "");
  std::ofstream(transport_.token_file) << "wrong\n";
  write(*refused, 0, 10);
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (refused->state().trouble.empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_NE(refused->state().trouble.find("401"), std::string::npos) << refused->state().trouble;
  std::ofstream(transport_.token_file)
      << collector_.command("token create agent-1 --role agent") << "\n";
  EXPECT_TRUE(drained(*refused)) << "a token that was put right is used without a restart";
  expect_each_once();
}

TEST_F(DeliveryTest, ACollectorThatCannotBeVerifiedGetsNothing) {
  ASSERT_TRUE(collector_.start());
  enrol();
  const api::CaFiles other{collector_.directory() + "/other.crt",
                           collector_.directory() + "/other.key"};
  ASSERT_TRUE(api::ensure_ca(other).ok());
  transport_.ca = other.certificate;
  const auto sink = make_sink();
  write(*sink, 0, 1);
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (sink->state().trouble.empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_NE(sink->state().trouble, "");
  sink->stop(milliseconds(10));
  EXPECT_EQ(sink->state().waiting, 1U);
  EXPECT_TRUE(collector_.stored_alerts(viewer_).empty());
}

}  // namespace
}  // namespace sonde::sink
