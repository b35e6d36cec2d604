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

#include "collector/api/pki.h"
#include "collector/export/cef.h"
#include "collector/export/kafka.h"
#include "collector/export/otlp.h"
#include "collector/export/stix.h"
#include "collector/export/syslog.h"
#include "collector/export/webhook.h"
#include "tests/collector/support/http_server.h"
#include "tests/collector/support/sample.h"

namespace sonde::exporting {
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
  record.severity = store::Severity::kHigh;
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

TEST(WebhookTest, OnlyHttpsLeavesThisHost) {
  EXPECT_EQ(url_problem("https://example.com/x"), "");
  EXPECT_EQ(url_problem("http://127.0.0.1:9/x"), "");
  EXPECT_NE(url_problem("http://127.0.0.1.example.com/"), "");
  EXPECT_NE(url_problem("http://example.com/"), "");
  EXPECT_NE(url_problem("file:///etc/passwd"), "");
  EXPECT_NE(url_problem("nonsense"), "");
}

TEST(OtlpTest, TheRequestFollowsTheJsonMappingAndPartialSuccessIsNotRepeated) {
  HttpServer server([](const HttpCall&) {
    return HttpReply{200, R"({"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"x"}})",
                     ""};
  });
  auto target = make_otlp_target({server.url() + "/v1/logs", {"X-Key: k"}, {}, "1.2"});
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
  const std::string line = to_cef(record, "1.0");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('\r'), std::string::npos);
  EXPECT_TRUE(
      line.starts_with("CEF:0|Sonde|sonde-collector|1.0|credential.response|a\\|b\\\\c "
                       "CEF:0\\|x|8|externalId=alert-1 "))
      << line;
  EXPECT_NE(line.find("cs2=m\\=evil cs1\\=forged"), std::string::npos) << line;
  EXPECT_NE(line.find("msg=x\\=1 \\\\ y\\r\\nCEF:0|forged|"), std::string::npos) << line;
}

TEST(SyslogTest, AMessageFollowsRfc5424) {
  const std::string message = syslog_message(sample(1), "collector host", "1.0");
  EXPECT_TRUE(
      message.starts_with("<107>1 2026-11-23T10:33:20.123Z collector_host sonde-collector "
                          "- credential.response - \xEF\xBB\xBF"
                          "CEF:0|Sonde|"))
      << message;
}

// Accepts one connection after the other, and reads octet-counted messages.
class SyslogReceiver {
 public:
  explicit SyslogReceiver(SSL_CTX* context = nullptr) : context_(context) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 4);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~SyslogReceiver() {
    ::shutdown(listener_, SHUT_RDWR);
    ::shutdown(connection_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string port() const { return std::to_string(port_); }
  // Ends the connection that is open, as a restart of the receiver would.
  void hang_up() { ::shutdown(connection_, SHUT_RDWR); }
  std::vector<std::string> wait_for(size_t count) {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (messages_.size() >= count) return messages_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
  }

 private:
  void run() {
    for (;;) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      connection_ = connection;
      SSL* ssl = context_ ? SSL_new(context_) : nullptr;
      if (ssl) SSL_set_fd(ssl, connection);
      if (!ssl || SSL_accept(ssl) == 1) read_all(connection, ssl);
      SSL_free(ssl);
      ::close(connection);
    }
  }
  void read_all(int connection, SSL* ssl) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto got = ssl ? SSL_read(ssl, buffer.data(), buffer.size())
                           : static_cast<int>(::read(connection, buffer.data(), buffer.size()));
      if (got <= 0) return;
      text.append(buffer.data(), static_cast<size_t>(got));
      for (size_t space = text.find(' '); space != std::string::npos; space = text.find(' ')) {
        const size_t size = std::stoul(text.substr(0, space));
        if (text.size() < space + 1 + size) break;
        const std::lock_guard lock(mutex_);
        messages_.push_back(text.substr(space + 1, size));
        text.erase(0, space + 1 + size);
      }
    }
  }

  SSL_CTX* context_;
  int listener_ = -1;
  std::atomic<int> connection_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> messages_;
  std::thread thread_;
};

TEST(SyslogTest, MessagesArriveOverTcpAlsoAfterTheReceiverWentAway) {
  SyslogReceiver receiver;
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
    SyslogReceiver receiver(context);
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

class KafkaTest : public ::testing::Test {
 protected:
  KafkaTest() {
    std::array<char, 256> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    owner_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
    cluster_ = rd_kafka_mock_cluster_new(owner_, 1);
    rd_kafka_mock_topic_create(cluster_, "sonde", 1, 1);
  }
  ~KafkaTest() override {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(owner_);
  }
  std::unique_ptr<Target> make(std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
    auto target = make_kafka_target({rd_kafka_mock_cluster_bootstraps(cluster_),
                                     "sonde",
                                     {{"message.max.bytes", "20000"}},
                                     timeout});
    EXPECT_TRUE(target.ok());
    return std::move(*target);
  }
  // The keys that a consumer reads from the beginning.
  std::vector<std::string> keys(size_t count) {
    std::array<char, 256> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_),
                      nullptr, 0);
    rd_kafka_conf_set(conf, "group.id", "test", nullptr, 0);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", nullptr, 0);
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size());
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "sonde", 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    std::vector<std::string> keys;
    for (int i = 0; i < 200 && keys.size() < count; ++i) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
      if (!message) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        keys.emplace_back(static_cast<const char*>(message->key), message->key_len);
      }
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return keys;
  }

  rd_kafka_t* owner_;
  rd_kafka_mock_cluster_t* cluster_;
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
  rd_kafka_mock_push_request_errors(cluster_, 0 /* Produce */, 2,
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
  auto target = make_kafka_target({"127.0.0.1:1", "sonde", {}, std::chrono::milliseconds(300)});
  EXPECT_EQ((*target)->send(samples(2), "d").verdict, Verdict::kTryAgain);
  EXPECT_FALSE(make_kafka_target({"b", "t", {{"no.such.property", "secret"}}}).ok());
}

TEST(StixTest, ABundleHoldsTheIncidentWhatWasSeenAndHowUnderStableIds) {
  store::Incident incident;
  incident.id = 7;
  incident.title = "Prompt injection led to tool use";
  incident.severity = store::Severity::kHigh;
  incident.first_ms = 1'795'430'000'000;
  StixAlert alert;
  alert.entry.alert.uid = "alert-1";
  alert.entry.alert.time_ms = incident.first_ms;
  alert.entry.alert.title = "An instruction in a document";
  alert.entry.entities = {
      {"url", "https://evil.example/x"}, {"source_ip", "192.0.2.1"}, {"tool", "t"}};
  alert.ocsf = R"({"finding_info":{"attacks":[{"technique":{"uid":"AML.T0051"},)"
               R"("sub_technique":{"uid":"AML.T0051.001"}}]}})";
  const json bundle = stix_bundle(incident, {alert}, 1'795'430'100'000);
  const json again = stix_bundle(incident, {alert}, 1'795'430'200'000);
  std::map<std::string, int> types;
  std::set<std::string> ids;
  for (const json& object : bundle["objects"]) {
    ++types[object["type"]];
    EXPECT_EQ(object["spec_version"], "2.1");
    EXPECT_TRUE(ids.insert(object["id"]).second);
    const std::string id = object["id"];
    EXPECT_EQ(id.size(), object["type"].get<std::string>().size() + 2 + 36) << id;
    EXPECT_EQ(id[id.size() - 22], '5') << "UUID version: " << id;
  }
  EXPECT_EQ(types["incident"], 1);
  EXPECT_EQ(types["attack-pattern"], 1);
  EXPECT_EQ(types["url"], 1);
  EXPECT_EQ(types["ipv4-addr"], 1);
  EXPECT_EQ(types["observed-data"], 1);
  EXPECT_EQ(types["relationship"], 2);
  for (const json& object : bundle["objects"]) {
    for (const char* key : {"source_ref", "target_ref", "created_by_ref"}) {
      if (!object.contains(key)) continue;
      EXPECT_TRUE(ids.contains(object[key])) << object;
    }
  }
  for (const json& object : again["objects"]) EXPECT_TRUE(ids.contains(object["id"]));
}

}  // namespace
}  // namespace sonde::exporting
