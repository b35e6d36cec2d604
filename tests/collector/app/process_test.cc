// The real program over real TLS: delivery by token and by certificate, and what survives a kill.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <curl/curl.h>
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

  void start() {
    std::array<int, 2> output{};
    ASSERT_EQ(::pipe(output.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(output[1], STDOUT_FILENO);
      ::close(output[0]);
      ::close(output[1]);
      const std::string config = directory_ + "/config.yaml";
      ::execl(SONDE_COLLECTOR_BINARY, "sonde-collector", "--config", config.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(output[1]);
    FILE* log = ::fdopen(output[0], "r");
    std::array<char, 512> line{};
    port_ = 0;
    while (port_ == 0 && std::fgets(line.data(), line.size(), log)) {
      const std::string text = line.data();
      const size_t at = text.find("listening on https://127.0.0.1:");
      if (at != std::string::npos) port_ = std::atoi(text.c_str() + at + 31);
    }
    ASSERT_NE(port_, 0) << "the collector did not start: " << line.data();
    log_ = log;
  }

  int stop(int signal) {
    if (pid_ <= 0) return 0;
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    if (log_) std::fclose(log_);
    log_ = nullptr;
    return status;
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
  pid_t pid_ = 0;
  int port_ = 0;
  FILE* log_ = nullptr;
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
