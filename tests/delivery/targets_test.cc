// The targets against real receivers on the loopback address: HTTP, syslog over TCP and TLS, and
// the Kafka broker that librdkafka brings for tests.
#include <array>
#include <filesystem>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <nlohmann/json.hpp>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/egress/cef.h"
#include "agent/egress/kafka.h"
#include "agent/egress/otlp.h"
#include "agent/egress/syslog.h"
#include "agent/egress/syslog_udp.h"
#include "agent/egress/webhook.h"
#include "collector/api/pki.h"
#include "tests/collector/support/http_server.h"
#include "tests/collector/support/sample.h"
#include "tests/delivery/kafka_cluster.h"
#include "tests/delivery/syslog_receiver.h"

namespace sonde::egress {
namespace {

using nlohmann::json;
using testing::HttpCall;
using testing::HttpReply;
using testing::HttpServer;

Record sample(int number) {
  Record record;
  record.position = number;
  record.uid = fmt::format("alert-{}", number);
  record.time_ms = 1'795'430'000'123;
  record.observed_ms = record.time_ms + 5;
  record.name = "credential.response";
  record.title = "A credential in an answer";
  record.severity = Severity::kHigh;
  record.status = "new";
  record.host = "web-1";
  record.application = "chatbot";
  record.model = "gpt-4o";
  record.score = 0.93;
  record.evidence = "the key is sk-****";
  record.json = testing::sample_ocsf(number);
  return record;
}

std::vector<Record> samples(int count) {
  std::vector<Record> records;
  for (int i = 0; i < count; ++i) records.push_back(sample(i));
  return records;
}

TEST(WebhookTest, ASecretOfStandardWebhooksIsBase64) {
  // The example of its specification.
  const auto key = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(webhook_signature(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                              R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  EXPECT_EQ(*webhook_key("whsec_AQ=="), std::string(1, '\1'));
  for (const char* bad : {"whsec_", "whsec_AQ", "whsec_not base64"})
    EXPECT_FALSE(webhook_key(bad).ok()) << bad;
}

TEST(WebhookTest, ABatchIsSignedAsStandardWebhooksSays) {
  // Computed with Python's hmac module.
  EXPECT_EQ(webhook_signature("secret", "msg_1", 1614265330, R"({"test": 2432232314})"),
            "v1,T49pOLi9Y59Pd0W8q5zvP9qTIc61pr4XaCUOi3i6Wj4=");
  HttpServer server([](const HttpCall&) { return HttpReply{}; });
  WebhookConfig config{server.url() + "/hook", "secret", {}, [] { return int64_t{5'000}; }};
  auto target = make_webhook_target(config);
  ASSERT_TRUE(target.ok());
  const auto records = samples(2);
  EXPECT_EQ((*target)->send(records, "soar-a0-1-2").verdict, Verdict::kDelivered);
  ASSERT_EQ(server.calls().size(), 1U);
  const HttpCall call = server.calls()[0];
  EXPECT_EQ(call.headers.at("webhook-id"), "soar-a0-1-2");
  EXPECT_EQ(call.headers.at("webhook-timestamp"), "5");
  EXPECT_EQ(call.headers.at("webhook-signature"),
            webhook_signature("secret", "soar-a0-1-2", 5, call.body));
  const json body = json::parse(call.body);
  ASSERT_EQ(body["records"].size(), 2U);
  EXPECT_EQ(body["records"][1]["finding_info"]["uid"], "alert-1");
}

TEST(WebhookTest, AnswersMeanAgainOrNever) {
  int status = 200;
  std::string headers;
  HttpServer server([&](const HttpCall&) { return HttpReply{status, "", headers}; });
  auto target = make_webhook_target({server.url(), "", {}, [] { return int64_t{0}; }});
  const auto records = samples(1);
  const auto verdict = [&](int code) {
    status = code;
    return (*target)->send(records, "d").verdict;
  };
  EXPECT_EQ(verdict(204), Verdict::kDelivered);
  EXPECT_EQ(verdict(400), Verdict::kRefused);
  EXPECT_EQ(verdict(413), Verdict::kRefused);
  for (const int code : {301, 401, 403, 404, 429, 500, 502, 503}) {
    EXPECT_EQ(verdict(code), Verdict::kTryAgain) << code;
  }
  headers = "Retry-After: 7\r\n";
  status = 503;
  EXPECT_EQ((*target)->send(records, "d").wait, std::chrono::seconds(7));
}

TEST(HttpClientTest, OnlyHttpsLeavesThisHost) {
  for (const char* url : {"https://taxii.example/", "http://127.0.0.1:8080/x", "http://localhost/",
                          "http://[::1]:80/"}) {
    EXPECT_EQ(url_problem(url), "") << url;
  }
  for (const char* url :
       {"http://taxii.example/", "http://127.0.0.1.evil.example/", "ftp://127.0.0.1/", "nonsense",
        "file:///etc/passwd", "https://", "http://localhost.evil.example/"}) {
    EXPECT_NE(url_problem(url), "") << url;
  }
}

TEST(HttpClientTest, ALongAnswerIsCutAndSaysSo) {
  HttpServer server([](const HttpCall& call) {
    return HttpReply{200, std::string(call.target == "/long" ? 101 : 100, 'x'), "X-Note: a\r\n"};
  });
  HttpOptions options;
  options.answer_bytes = 100;
  const auto client = HttpClient::create(options);
  const auto whole = (*client)->get(server.url() + "/whole");
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_FALSE(whole->cut);
  EXPECT_EQ(whole->body.size(), 100U);
  EXPECT_EQ(whole->headers.at("x-note"), "a");
  const auto cut = (*client)->get(server.url() + "/long");
  ASSERT_TRUE(cut.ok()) << cut.error().message;
  EXPECT_TRUE(cut->cut);
  EXPECT_EQ(cut->body.size(), 100U);
}

TEST(OtlpTest, TheRequestFollowsTheJsonMappingAndPartialSuccessIsNotRepeated) {
  HttpServer server([](const HttpCall&) {
    return HttpReply{200, R"({"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"x"}})",
                     ""};
  });
  auto target = make_otlp_target({server.url() + "/v1/logs", {"X-Key: k"}, {}, {"sonde", "1.2"}});
  const auto records = samples(3);
  const Outcome outcome = (*target)->send(records, "d");
  EXPECT_EQ(outcome.verdict, Verdict::kDelivered);
  EXPECT_EQ(outcome.refused, 1U);
  const HttpCall call = server.calls().at(0);
  EXPECT_EQ(call.target, "/v1/logs");
  EXPECT_EQ(call.headers.at("x-key"), "k");
  const json request = json::parse(call.body);
  const json& logs = request["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
  ASSERT_EQ(logs.size(), 3U);
  EXPECT_EQ(logs[0]["timeUnixNano"], "1795430000123000000");
  EXPECT_EQ(logs[0]["severityNumber"], 17);
  EXPECT_EQ(json::parse(logs[0]["body"]["stringValue"].get<std::string>())["class_uid"], 2004);
  EXPECT_EQ(request["resourceLogs"][0]["resource"]["attributes"][0]["key"], "service.name");
}

TEST(CefTest, HostileTextCannotForgeFieldsOrLines) {
  Record record = sample(1);
  record.title = "a|b\\c\nCEF:0|x";
  record.evidence = "x=1 \\ y\r\nCEF:0|forged|";
  record.model = "m=evil cs1=forged";
  const std::string line = to_cef(record, {"sonde-collector", "1.0"});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('\r'), std::string::npos);
  EXPECT_TRUE(
      line.starts_with("CEF:0|Sonde|sonde-collector|1.0|credential.response|a\\|b\\\\c "
                       "CEF:0\\|x|8|externalId=alert-1 "))
      << line;
  EXPECT_NE(line.find("cs2=m\\=evil cs1\\=forged"), std::string::npos) << line;
  EXPECT_NE(line.find("msg=x\\=1 \\\\ y\\r\\nCEF:0|forged|"), std::string::npos) << line;
}

TEST(CefTest, ControlCharactersAreText) {
  Record record = sample(1);
  record.title = "red \x1b[31m";
  record.evidence = "bell \x07 tab\t csi \xC2\x9B del \x7F caf\xC3\xA9 \xC2\xA9";
  const std::string line = to_cef(record, {"sonde-collector", "1.0"});
  EXPECT_NE(line.find("|red \\\\u001b[31m|"), std::string::npos) << line;
  EXPECT_NE(line.find("msg=bell \\\\u0007 tab  csi \\\\u009b del \\\\u007f caf\xC3\xA9 \xC2\xA9"),
            std::string::npos)
      << line;
}

TEST(SyslogTest, AMessageFollowsRfc5424) {
  const std::string message =
      syslog_message(sample(1), "collector host", {"sonde-collector", "1.0"});
  EXPECT_TRUE(
      message.starts_with("<107>1 2026-11-23T10:33:20.123Z collector_host sonde-collector "
                          "- credential.response - \xEF\xBB\xBF"
                          "CEF:0|Sonde|"))
      << message;
}

TEST(SyslogTest, MessagesArriveOverTcpAlsoAfterTheReceiverWentAway) {
  testing::SyslogReceiver receiver;
  SyslogConfig config;
  config.host = "127.0.0.1";
  config.port = receiver.port();
  config.tls = false;
  auto target = make_syslog_target(config);
  ASSERT_TRUE(target.ok());
  const auto records = samples(50);
  EXPECT_EQ((*target)->send(records, "d").verdict, Verdict::kDelivered);
  EXPECT_EQ(receiver.wait_for(50).size(), 50U);
  receiver.hang_up();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ((*target)->send(records, "d").verdict, Verdict::kDelivered) << "on a new connection";
  EXPECT_EQ(receiver.wait_for(100).size(), 100U);
}

TEST(SyslogTest, TlsIsVerified) {
  std::string path = (std::filesystem::temp_directory_path() / "sonde-syslog.XXXXXX").string();
  const std::string directory = ::mkdtemp(path.data());
  const api::CaFiles ca{directory + "/ca.crt", directory + "/ca.key"};
  const api::CaFiles other{directory + "/other.crt", directory + "/other.key"};
  const api::CaFiles server{directory + "/server.crt", directory + "/server.key"};
  ASSERT_TRUE(api::ensure_ca(ca).ok());
  ASSERT_TRUE(api::ensure_ca(other).ok());
  ASSERT_TRUE(api::ensure_server_certificate(ca, server, {"127.0.0.1"}).ok());
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate_chain_file(context, server.certificate.c_str());
  SSL_CTX_use_PrivateKey_file(context, server.key.c_str(), SSL_FILETYPE_PEM);
  {
    testing::SyslogReceiver receiver(context);
    SyslogConfig config;
    config.host = "127.0.0.1";
    config.port = receiver.port();
    config.ca = ca.certificate;
    const auto records = samples(20);
    auto target = make_syslog_target(config);
    ASSERT_TRUE(target.ok()) << target.error().message;
    const Outcome sent = (*target)->send(records, "d");
    EXPECT_EQ(sent.verdict, Verdict::kDelivered) << sent.trouble;
    EXPECT_EQ(receiver.wait_for(20).size(), 20U);
    target->reset();
    config.ca = other.certificate;
    const Outcome refused = (*make_syslog_target(config))->send(records, "d");
    EXPECT_EQ(refused.verdict, Verdict::kTryAgain);
    EXPECT_NE(refused.trouble.find("certificate is refused"), std::string::npos) << refused.trouble;
    config.ca = ca.certificate;
    config.host = "localhost";  // not a name in the certificate
    EXPECT_EQ((*make_syslog_target(config))->send(records, "d").verdict, Verdict::kTryAgain);
  }
  SSL_CTX_free(context);
  std::filesystem::remove_all(directory);
}

TEST(SyslogTest, NobodyThereIsTriedAgain) {
  SyslogConfig config;
  config.host = "127.0.0.1";
  config.port = "1";
  config.tls = false;
  const auto records = samples(1);
  EXPECT_EQ((*make_syslog_target(config))->send(records, "d").verdict, Verdict::kTryAgain);
}

TEST(SyslogTest, DatagramsHoldOneMessageEach) {
  testing::DatagramReceiver receiver;
  SyslogConfig config;
  config.host = "127.0.0.1";
  config.port = receiver.port();
  config.product = {"sonde", "1.0"};
  auto target = make_udp_syslog_target(config);
  auto records = samples(3);
  records[1].json = std::string(100'000, 'x');  // not part of the message
  ASSERT_EQ((*target)->send(records, "d").verdict, Verdict::kDelivered);
  for (int i = 0; i < 3; ++i) {
    const std::string message = receiver.next();
    EXPECT_TRUE(message.starts_with("<107>1 2026-11-23T10:33:20.123Z ")) << message;
    EXPECT_NE(message.find("CEF:0|Sonde|sonde|1.0|"), std::string::npos) << message;
    EXPECT_NE(message.find(fmt::format("externalId=alert-{} ", i)), std::string::npos) << message;
  }
}

TEST(SyslogTest, ADatagramThatNobodyTakesIsNoticedWithTheNext) {
  SyslogConfig config;
  config.host = "127.0.0.1";
  {
    testing::DatagramReceiver receiver;
    config.port = receiver.port();
  }
  auto target = make_udp_syslog_target(config);
  EXPECT_EQ((*target)->send(samples(2), "d").verdict, Verdict::kTryAgain);
}

class KafkaTest : public ::testing::Test {
 protected:
  std::unique_ptr<Target> make(std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
    auto target = make_kafka_target(
        {cluster_.brokers(), "sonde", {{"message.max.bytes", "20000"}}, "sonde", timeout});
    EXPECT_TRUE(target.ok());
    return std::move(*target);
  }
  std::vector<std::string> keys(size_t count) { return cluster_.keys("sonde", count); }

  testing::KafkaCluster cluster_;
};

TEST_F(KafkaTest, RecordsArriveOnceInOrderUnderTheirUid) {
  const auto target = make();
  const auto records = samples(100);
  const Outcome sent = target->send(records, "d");
  EXPECT_EQ(sent.verdict, Verdict::kDelivered) << sent.trouble;
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) expected.push_back(fmt::format("alert-{}", i));
  EXPECT_EQ(keys(100), expected);
}

TEST_F(KafkaTest, ABrokerThatFailsForAWhileDoublesNothing) {
  const auto target = make();
  ASSERT_EQ(target->send(samples(1), "d").verdict, Verdict::kDelivered);
  rd_kafka_mock_push_request_errors(cluster_.mock(), 0 /* Produce */, 2,
                                    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
  const auto records = samples(30);
  EXPECT_EQ(target->send(std::span(records).subspan(1), "d").verdict, Verdict::kDelivered);
  EXPECT_EQ(keys(30).size(), 30U);
}

TEST_F(KafkaTest, ARecordBeyondTheLimitIsRefusedAndTheTargetGoesOn) {
  const auto target = make();
  std::vector<Record> large = samples(1);
  large[0].json = std::string(50'000, 'x');
  EXPECT_EQ(target->send(large, "d").verdict, Verdict::kRefused);
  EXPECT_EQ(target->send(samples(3), "d").verdict, Verdict::kDelivered);
}

TEST_F(KafkaTest, NoBrokerIsTriedAgain) {
  auto target =
      make_kafka_target({"127.0.0.1:1", "sonde", {}, "sonde", std::chrono::milliseconds(300)});
  EXPECT_EQ((*target)->send(samples(2), "d").verdict, Verdict::kTryAgain);
  EXPECT_FALSE(make_kafka_target({"b", "t", {{"no.such.property", "secret"}}, "sonde"}).ok());
}

}  // namespace
}  // namespace sonde::egress
