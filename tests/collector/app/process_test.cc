// The real program over real TLS: delivery by token and by certificate, and what survives a kill.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/api/pki.h"
#include "tests/collector/support/database.h"
#include "tests/collector/support/sample.h"

namespace sonde {
namespace {

using nlohmann::json;
using testing::Kind;
using testing::sample_line;

struct Reply {
  long status = 0;  // 0: no answer
  std::string body;
  std::string error;
  json parsed() const { return json::parse(body, nullptr, false); }
};

size_t append_body(char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

// An alert of these minutes: retention and correlation forget what is long past.
std::string recent_line(int number) {
  static const int64_t kStartMs = std::chrono::duration_cast<std::chrono::milliseconds>(
                                      std::chrono::system_clock::now().time_since_epoch())
                                      .count();
  json line = json::parse(sample_line(number));
  line["alert"]["time"] = kStartMs + number;
  return line.dump();
}

class ProcessTest : public ::testing::TestWithParam<Kind> {
 protected:
  ProcessTest() : database_(GetParam()) {
    std::string path = (std::filesystem::temp_directory_path() / "sonde-collector.XXXXXX").string();
    directory_ = ::mkdtemp(path.data());
    std::ofstream(directory_ + "/config.yaml")
        << "listen: 127.0.0.1:0\nstate_directory: " << directory_ << "/state\nstore:\n  url: \""
        << database_.url() << "\"\nretention:\n  alert_days: 36500\n";
    std::ofstream(directory_ + "/password") << "correct horse battery\n";
  }
  ~ProcessTest() override {
    stop(SIGKILL);
    std::filesystem::remove_all(directory_);
  }

  // The output of a command of the program; fails the test if it fails.
  std::string command(const std::string& arguments) {
    const std::string line = fmt::format("{} --config {}/config.yaml {} 2>/dev/null",
                                         SONDE_COLLECTOR_BINARY, directory_, arguments);
    FILE* pipe = ::popen(line.c_str(), "r");
    std::string output;
    std::array<char, 256> buffer{};
    while (std::fgets(buffer.data(), buffer.size(), pipe)) output += buffer.data();
    EXPECT_EQ(::pclose(pipe), 0) << line;
    while (output.ends_with('\n')) output.pop_back();
    return output;
  }

  // Ends with the test, however that ends.
  struct Replica {
    pid_t pid = 0;
    int port = 0;
    FILE* log = nullptr;
    Replica() = default;
    ~Replica() { end(*this, SIGKILL); }
    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;
  };
  // Returns when it listens.
  void launch(Replica& replica) {
    std::array<int, 2> output{};
    ASSERT_EQ(::pipe2(output.data(), O_CLOEXEC), 0);
    replica.pid = ::fork();
    if (replica.pid == 0) {
      ::dup2(output[1], STDOUT_FILENO);
      const std::string config = directory_ + "/config.yaml";
      ::execl(SONDE_COLLECTOR_BINARY, "sonde-collector", "--config", config.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(output[1]);
    replica.log = ::fdopen(output[0], "r");
    std::array<char, 512> line{};
    while (replica.port == 0 && std::fgets(line.data(), line.size(), replica.log)) {
      const std::string text = line.data();
      const size_t at = text.find("listening on https://127.0.0.1:");
      if (at != std::string::npos) replica.port = std::atoi(text.c_str() + at + 31);
    }
    ASSERT_NE(replica.port, 0) << "the collector did not start: " << line.data();
  }
  // The status of waitpid().
  static int end(Replica& replica, int signal) {
    if (replica.pid <= 0) return 0;
    ::kill(replica.pid, signal);
    int status = 0;
    ::waitpid(replica.pid, &status, 0);
    if (replica.log) std::fclose(replica.log);
    replica.pid = 0;
    replica.port = 0;
    replica.log = nullptr;
    return status;
  }

  void start() {
    launch(single_);
    pid_ = single_.pid;
    port_ = single_.port;
    ASSERT_NE(port_, 0);
  }
  int stop(int signal) {
    pid_ = 0;
    return end(single_, signal);
  }

  struct Credentials {
    std::string token;
    std::string certificate;
    std::string key;
  };
  Reply call(const std::string& path, const std::string& body, const Credentials& credentials) {
    Reply reply;
    CURL* curl = curl_easy_init();
    curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
    if (!credentials.token.empty()) {
      headers = curl_slist_append(headers, ("Authorization: Bearer " + credentials.token).c_str());
    }
    curl_easy_setopt(curl, CURLOPT_URL, fmt::format("https://127.0.0.1:{}{}", port_, path).c_str());
    curl_easy_setopt(curl, CURLOPT_CAINFO, (directory_ + "/state/pki/ca.crt").c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    if (!body.empty()) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    }
    if (!credentials.certificate.empty()) {
      curl_easy_setopt(curl, CURLOPT_SSLCERT, credentials.certificate.c_str());
      curl_easy_setopt(curl, CURLOPT_SSLKEY, credentials.key.c_str());
    }
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
      curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    } else {
      reply.error = curl_easy_strerror(code);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return reply;
  }

  size_t stored(const std::string& viewer) {
    size_t count = 0;
    std::string cursor;
    do {
      const Reply page = call("/api/v1/alerts?limit=500" + cursor, "", {viewer, "", ""});
      EXPECT_EQ(page.status, 200) << page.error;
      count += page.parsed()["items"].size();
      const json next = page.parsed()["next_cursor"];
      cursor = next.is_string() ? "&cursor=" + next.get<std::string>() : "";
    } while (!cursor.empty());
    return count;
  }

  testing::TestDatabase database_;
  std::string directory_;
  Replica single_;
  pid_t pid_ = 0;
  int port_ = 0;
};
SONDE_ON_BOTH_STORES(ProcessTest);

TEST_P(ProcessTest, AnAgentEnrolsDeliversAndIsRevoked) {
  const std::string one_time = command("agent enrol agent-1");
  const std::string viewer = command("token create look --role viewer");
  start();
  const auto request = api::make_request("someone else");
  const json enrolment = {{"token", one_time}, {"csr", request->csr}};
  const Reply issued = call("/api/v1/enrolment", enrolment.dump(), {});
  ASSERT_EQ(issued.status, 201) << issued.body << issued.error;
  EXPECT_EQ(call("/api/v1/enrolment", enrolment.dump(), {}).status, 401);
  const Credentials agent{"", directory_ + "/agent.crt", directory_ + "/agent.key"};
  std::ofstream(agent.certificate) << issued.parsed()["certificate"].get<std::string>();
  std::ofstream(agent.key) << request->key;

  const Reply delivered = call("/api/v1/ingest", sample_line(1), agent);
  ASSERT_EQ(delivered.status, 200) << delivered.body << delivered.error;
  EXPECT_EQ(delivered.parsed()["accepted"], 1);
  EXPECT_EQ(call("/api/v1/alerts", "", agent).status, 403);
  EXPECT_EQ(stored(viewer), 1U);

  const auto renewed = api::make_request("agent-1");
  EXPECT_EQ(call("/api/v1/enrolment/renewal", json{{"csr", renewed->csr}}.dump(), agent).status,
            201);
  command("agent revoke agent-1");
  EXPECT_EQ(call("/api/v1/ingest", sample_line(2), agent).status, 403);
  EXPECT_EQ(stop(SIGTERM), 0);
}

TEST_P(ProcessTest, ACertificateOfAnotherAuthorityDoesNotEvenConnect) {
  start();
  const api::CaFiles other{directory_ + "/other.crt", directory_ + "/other.key"};
  ASSERT_TRUE(api::ensure_ca(other).ok());
  const auto request = api::make_request("agent-1");
  const auto issued = api::sign_agent(other, request->csr, "agent-1", 1'795'430'000'000);
  const Credentials stranger{"", directory_ + "/s.crt", directory_ + "/s.key"};
  std::ofstream(stranger.certificate) << issued->pem;
  std::ofstream(stranger.key) << request->key;
  const Reply reply = call("/api/v1/ingest", sample_line(1), stranger);
  EXPECT_EQ(reply.status, 0);
  EXPECT_NE(reply.error, "");
}

// The heart of delivery: what was acknowledged is there after SIGKILL, and what is sent again
// because the answer was lost is there once.
TEST_P(ProcessTest, NoAcknowledgedAlertIsLostOrDoubledByKills) {
  const std::string token = command("token create agent-1 --role agent");
  const std::string viewer = command("token create look --role viewer");
  constexpr int kRounds = 5;
  constexpr int kBatch = 200;
  int next = 0;
  for (int round = 0; round < kRounds; ++round) {
    start();
    std::thread killer([this, round] {
      std::this_thread::sleep_for(std::chrono::milliseconds(40 + 35 * round));
      ::kill(pid_, SIGKILL);
    });
    for (;;) {
      std::string batch;
      for (int i = 0; i < kBatch; ++i) batch += sample_line(next + i) + "\n";
      const Reply reply = call("/api/v1/ingest", batch, {token, "", ""});
      if (reply.status != 200) break;  // not acknowledged: the same batch comes again
      EXPECT_EQ(reply.parsed()["accepted"].get<int>() + reply.parsed()["duplicates"].get<int>(),
                kBatch);
      next += kBatch;
    }
    killer.join();
    stop(SIGKILL);
  }
  start();
  std::string batch;
  for (int i = 0; i < kBatch; ++i) batch += sample_line(next + i) + "\n";
  ASSERT_EQ(call("/api/v1/ingest", batch, {token, "", ""}).status, 200);
  EXPECT_EQ(stored(viewer), static_cast<size_t>(next + kBatch));
}

// SQLite has one collector, so these are for PostgreSQL alone.
class ReplicasTest : public ProcessTest {};
INSTANTIATE_TEST_SUITE_P(Store, ReplicasTest, ::testing::Values(Kind::kPostgres));

// Two replicas on one PostgreSQL, each killed in turn while alerts come in, some of them twice.
TEST_P(ReplicasTest, KilledInTurnTheyLoseAndDoubleNothingAndAgreeOnIncidents) {
  const std::string token = command("token create agent-1 --role agent");
  const std::string viewer = command("token create look --role viewer");
  Replica first;
  Replica second;
  launch(first);
  launch(second);
  constexpr int kRounds = 6;
  constexpr int kBatch = 100;
  int next = 0;
  for (int round = 0; round < kRounds; ++round) {
    Replica& doomed = round % 2 == 0 ? first : second;
    Replica& other = round % 2 == 0 ? second : first;
    std::thread killer([&doomed, round] {
      std::this_thread::sleep_for(std::chrono::milliseconds(60 + 40 * round));
      ::kill(doomed.pid, SIGKILL);
    });
    for (bool alive = true; alive;) {
      std::string batch;
      for (int i = 0; i < kBatch; ++i) batch += recent_line(next + i) + "\n";
      port_ = doomed.port;
      alive = call("/api/v1/ingest", batch, {token, "", ""}).status == 200;
      // As an agent does that heard no answer; and half of the time one that did.
      if (!alive || next / kBatch % 2 == 0) {
        port_ = other.port;
        ASSERT_EQ(call("/api/v1/ingest", batch, {token, "", ""}).status, 200);
      }
      next += kBatch;
    }
    killer.join();
    end(doomed, SIGKILL);
    launch(doomed);
  }
  port_ = first.port;
  EXPECT_EQ(stored(viewer), static_cast<size_t>(next));
  // Every alert is of one conversation: one incident, whoever correlated it, holding each once.
  json incidents;
  for (int i = 0; i < 300; ++i) {
    incidents = call("/api/v1/incidents?limit=500", "", {viewer, "", ""}).parsed()["items"];
    if (incidents.size() == 1 && incidents[0]["alert_count"] == next) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  ASSERT_EQ(incidents.size(), 1U);
  EXPECT_EQ(incidents[0]["alert_count"], next);
  port_ = second.port;
  EXPECT_EQ(call("/api/v1/incidents?limit=500", "", {viewer, "", ""}).parsed()["items"], incidents);
  EXPECT_EQ(end(first, SIGTERM), 0);
  EXPECT_EQ(end(second, SIGTERM), 0);
}

TEST_P(ProcessTest, SetupMakesAllThatAFirstStartNeeds) {
  const json made = json::parse(command("setup --json --agent web-1"));
  EXPECT_EQ(made["user"], "admin");
  EXPECT_FALSE(json::parse(command("setup --json")).contains("password")) << "once";
  start();
  const json login = {{"username", "admin"}, {"password", made["password"]}};
  const Reply opened = call("/api/v1/sessions", login.dump(), {});
  ASSERT_EQ(opened.status, 201) << opened.body;
  EXPECT_EQ(opened.parsed()["must_change_password"], true);
  const auto request = api::make_request("web-1");
  const json enrolment = {{"token", made["enrolment"]["web-1"]}, {"csr", request->csr}};
  EXPECT_EQ(call("/api/v1/enrolment", enrolment.dump(), {}).status, 201);
}

TEST_P(ProcessTest, TooLargeABodyIsRefusedBeforeItIsRead) {
  const std::string token = command("token create agent-1 --role agent");
  start();
  EXPECT_EQ(call("/api/v1/ingest", std::string(20 << 20, ' '), {token, "", ""}).status, 413);
  EXPECT_EQ(call("/api/v1/sessions", std::string(1 << 20, ' '), {}).status, 413);
  EXPECT_EQ(call("/healthz", "", {}).status, 200);
}

TEST_P(ProcessTest, UsageErrorsHaveTheirOwnExitCode) {
  const auto exit_code = [](const std::string& arguments) {
    return WEXITSTATUS(std::system(
        (std::string(SONDE_COLLECTOR_BINARY) + " " + arguments + " >/dev/null 2>&1").c_str()));
  };
  EXPECT_EQ(exit_code("--version"), 0);
  EXPECT_EQ(exit_code("--help"), 0);
  EXPECT_EQ(exit_code("--nonsense"), 2);
  EXPECT_EQ(exit_code("user"), 2);
  EXPECT_EQ(exit_code("--config /nowhere.yaml"), 2);
  EXPECT_EQ(exit_code(fmt::format("--config {}/config.yaml user remove nobody", directory_)), 1);
}

}  // namespace
}  // namespace sonde
