// The agent's sinks for other systems against real receivers: every alert arrives, also after an
// outage and after a restart of the agent; one that is away holds up no other.
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "agent/alert/alert.h"
#include "agent/egress/target_config.h"
#include "agent/egress/webhook.h"
#include "agent/sink/file.h"
#include "agent/sink/outbox.h"
#include "agent/sink/spooled_sink.h"
#include "agent/sink/target_carrier.h"
#include "tests/collector/support/http_server.h"
#include "tests/delivery/kafka_cluster.h"
#include "tests/delivery/syslog_receiver.h"
#include "tests/unit/alert/sample.h"
#include "tests/unit/sink/temporary_directory.h"

namespace sonde::sink {
namespace {

using nlohmann::json;
using ::sonde::testing::HttpCall;
using ::sonde::testing::HttpReply;
using ::sonde::testing::HttpServer;
using std::chrono::milliseconds;
using std::chrono::seconds;

class TargetSinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<SpooledSink> make_sink(
      const egress::TargetConfig& config,
      detect::Severity least = detect::Severity::kInformational) {
    auto target = egress::make_target(config, {"sonde", "1.0"});
    EXPECT_TRUE(target.ok()) << target.error().message;
    auto spool = Spool::open({directory_.path() + "/spool-" + config.name, 8 << 20}, counters_);
    EXPECT_TRUE(spool.ok()) << spool.error().message;
    SpooledSinkConfig options;
    options.name = config.name;
    options.alerts_only = true;
    options.min_severity = least;
    options.batch_records = 20;
    options.first_pause = milliseconds(20);
    options.longest_pause = milliseconds(200);
    return std::make_unique<SpooledSink>(
        std::move(*spool), std::make_unique<TargetCarrier>(config.name, std::move(*target)),
        options, counters_);
  }

  // Alerts that really come from findings, remembered by uid; each second one is critical.
  std::vector<Record> alerts(int first, int count) {
    std::vector<Record> records;
    for (int i = first; i < first + count; ++i) {
      detect::Finding finding = alert::sample_finding();
      finding.severity = i % 2 == 0 ? detect::Severity::kCritical : detect::Severity::kLow;
      llm::Exchange exchange = alert::sample_exchange();
      exchange.id = fmt::format("exchange-{}", i);
      alert::Alert made = alert::make_alert(finding, exchange, alert::sample_host());
      (i % 2 == 0 ? critical_ : low_).insert(made.uid);
      records.push_back({RecordKind::kAlert, made.severity, std::move(made.json)});
    }
    return records;
  }
  std::set<std::string> sent() const {
    std::set<std::string> all = critical_;
    all.insert(low_.begin(), low_.end());
    return all;
  }
  static bool drained(const SpooledSink& sink) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(30);
    while (sink.state().waiting > 0) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
  }

  TemporaryDirectory directory_;
  Counters counters_;
  std::set<std::string> critical_;
  std::set<std::string> low_;
};

egress::TargetConfig target(const std::string& name, const std::string& type,
                            const std::string& url) {
  egress::TargetConfig config;
  config.name = name;
  config.type = type;
  config.url = url;
  return config;
}

std::vector<std::string> uids_of(const HttpServer& server) {
  std::vector<std::string> uids;
  for (const HttpCall& call : server.calls()) {
    const json body = json::parse(call.body);
    for (const json& record : body["records"]) {
      uids.push_back(record["finding_info"]["uid"]);
    }
  }
  return uids;
}

TEST_F(TargetSinkTest, AlertsReachFourKindsOfReceiversAtOnceAndNothingElseDoes) {
  HttpServer webhook([](const HttpCall&) { return HttpReply{}; });
  HttpServer otlp([](const HttpCall&) { return HttpReply{}; });
  ::sonde::testing::SyslogReceiver syslog;
  ::sonde::testing::KafkaCluster kafka;
  egress::TargetConfig lake = target("lake", "kafka", "");
  lake.brokers = kafka.brokers();
  lake.topic = "sonde";
  std::vector<std::unique_ptr<SpooledSink>> sinks;
  sinks.push_back(make_sink(target("soar", "webhook", webhook.url() + "/hook")));
  sinks.push_back(make_sink(target("otel", "otlp", otlp.url() + "/v1/logs")));
  sinks.push_back(make_sink(target("siem", "syslog", "tcp://127.0.0.1:" + syslog.port())));
  sinks.push_back(make_sink(lake));
  std::vector<Record> records = alerts(0, 50);
  records.push_back({RecordKind::kActivity, {}, R"({"exchange":"metadata"})"});
  records.push_back({RecordKind::kHeartbeat, {}, R"({"agent_id":"a"})"});
  for (const auto& sink : sinks) ASSERT_TRUE(sink->write(records).ok());
  for (const auto& sink : sinks) {
    ASSERT_TRUE(drained(*sink)) << sink->name() << ": " << sink->state().trouble;
    EXPECT_EQ(sink->state().delivered, 50U) << sink->name();
    EXPECT_EQ(sink->state().refused, 0U) << sink->name();
  }
  const std::vector<std::string> hooked = uids_of(webhook);
  EXPECT_EQ(hooked.size(), 50U);
  EXPECT_EQ(std::set<std::string>(hooked.begin(), hooked.end()), sent());
  const std::vector<std::string> keys = kafka.keys("sonde", 50);
  EXPECT_EQ(keys.size(), 50U);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()), sent());
  const std::vector<std::string> messages = syslog.wait_for(50);
  ASSERT_EQ(messages.size(), 50U);
  for (const std::string& message : messages) {
    const size_t at = message.find("externalId=");
    ASSERT_NE(at, std::string::npos) << message;
    EXPECT_TRUE(sent().contains(message.substr(at + 11, 32))) << message;
    EXPECT_NE(message.find(" sonde - "), std::string::npos) << message;
  }
  size_t logs = 0;
  for (const HttpCall& call : otlp.calls()) {
    const json resource = json::parse(call.body)["resourceLogs"][0];
    EXPECT_EQ(resource["resource"]["attributes"][0]["value"]["stringValue"], "sonde");
    logs += resource["scopeLogs"][0]["logRecords"].size();
  }
  EXPECT_EQ(logs, 50U);
}

TEST_F(TargetSinkTest, AnOutageARestartAndARefusalLoseNothingElse) {
  std::atomic<bool> away = true;
  std::string poison;
  HttpServer server([&](const HttpCall& call) {
    if (away) return HttpReply{503, "", ""};
    return HttpReply{call.body.find(poison) != std::string::npos ? 400 : 200, "", ""};
  });
  const egress::TargetConfig config = target("soar", "webhook", server.url());
  auto sink = make_sink(config);
  std::vector<Record> records = alerts(0, 60);
  poison = json::parse(records[17].json)["finding_info"]["uid"];
  ASSERT_TRUE(sink->write(records).ok());
  while (sink->state().retries < 2) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_NE(sink->state().trouble.find("503"), std::string::npos);
  sink->stop(milliseconds(10));
  EXPECT_EQ(sink->state().waiting, 60U);
  sink.reset();
  const size_t before = server.calls().size();
  away = false;
  sink = make_sink(config);
  ASSERT_TRUE(drained(*sink)) << sink->state().trouble;
  EXPECT_EQ(sink->state().delivered, 59U);
  EXPECT_EQ(sink->state().refused, 1U);
  std::set<std::string> arrived;
  const std::vector<HttpCall> calls = server.calls();
  for (size_t i = before; i < calls.size(); ++i) {
    if (calls[i].body.find(poison) != std::string::npos) continue;
    const json body = json::parse(calls[i].body);
    for (const json& record : body["records"]) {
      EXPECT_TRUE(arrived.insert(record["finding_info"]["uid"]).second) << "twice";
    }
  }
  std::set<std::string> expected = sent();
  expected.erase(poison);
  EXPECT_EQ(arrived, expected);
}

TEST_F(TargetSinkTest, TheSameBatchSentAgainHasTheSameSignedId) {
  const std::string secret_file = directory_.path() + "/secret";
  ASSERT_TRUE(replace_file(secret_file, "s3cret\n").ok());
  std::atomic<int> calls = 0;
  HttpServer server([&](const HttpCall&) { return HttpReply{++calls < 3 ? 500 : 200, "", ""}; });
  egress::TargetConfig config = target("soar", "webhook", server.url());
  config.secret_file = secret_file;
  const auto sink = make_sink(config);
  ASSERT_TRUE(sink->write(alerts(0, 5)).ok());
  ASSERT_TRUE(drained(*sink));
  ASSERT_EQ(server.calls().size(), 3U);
  for (const HttpCall& call : server.calls()) {
    EXPECT_EQ(call.headers.at("webhook-id"), server.calls()[0].headers.at("webhook-id"));
    EXPECT_EQ(
        call.headers.at("webhook-signature"),
        egress::webhook_signature("s3cret", call.headers.at("webhook-id"),
                                  std::stoll(call.headers.at("webhook-timestamp")), call.body));
  }
}

TEST_F(TargetSinkTest, ASinkThatIsAwayHoldsUpNoOtherAndSeverityChooses) {
  HttpServer server([](const HttpCall&) { return HttpReply{}; });
  Outbox dead(make_sink(target("dead", "webhook", "http://127.0.0.1:1/")), {}, counters_);
  Outbox alive(make_sink(target("alive", "webhook", server.url()), detect::Severity::kHigh), {},
               counters_);
  for (Record& record : alerts(0, 40)) {
    EXPECT_TRUE(dead.push(record));
    EXPECT_TRUE(alive.push(std::move(record)));
  }
  alive.stop(seconds(20));
  const std::vector<std::string> arrived = uids_of(server);
  EXPECT_EQ(arrived.size(), 20U);
  EXPECT_EQ(std::set<std::string>(arrived.begin(), arrived.end()), critical_);
  dead.stop(milliseconds(10));
}

}  // namespace
}  // namespace sonde::sink
