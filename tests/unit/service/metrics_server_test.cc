#include "agent/app/service/metrics_server.h"

#include <atomic>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sonde::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class MetricsServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = MetricsServer::start(
        "127.0.0.1:0",
        {[] { return std::string("a_total 1\n# EOF\n"); },
         [this] { return Health{alive_, ready_, alive_ ? "spool full" : "stuck"}; }});
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(*server);
  }

  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  // What the server says until it closes.
  static std::string exchange(int fd, const std::string& request) {
    EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string answer;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<size_t>(got));
    }
    ::close(fd);
    return answer;
  }
  std::string get(const std::string& path, const std::string& method = "GET") const {
    return exchange(connect(), fmt::format("{} {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                                           method, path));
  }

  std::atomic<bool> alive_{true};
  std::atomic<bool> ready_{true};
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(MetricsServerTest, MetricsAreOpenMetrics) {
  const std::string answer = get("/metrics?x=1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("application/openmetrics-text; version=1.0.0"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\na_total 1\n# EOF\n"));
}

TEST_F(MetricsServerTest, HealthAndReadinessDifferAndSayWhy) {
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(get("/readyz"), HasSubstr("\r\n\r\nok\n"));
  ready_ = false;
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(get("/readyz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(get("/readyz"), HasSubstr("spool full"));
  alive_ = false;
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(get("/healthz"), HasSubstr("stuck"));
}

TEST_F(MetricsServerTest, OtherPathsAndMethodsAreRefused) {
  EXPECT_THAT(get("/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(get("/metrics", "DELETE"), StartsWith("HTTP/1.1 405 "));
  const std::string head = get("/metrics", "HEAD");
  EXPECT_THAT(head, HasSubstr("Content-Length: 16\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST_F(MetricsServerTest, NonsenseAndTooLongHeadersEndTheConnection) {
  EXPECT_EQ(exchange(connect(), "\x16\x03\x01 no HTTP\r\n\r\n"), "");
  EXPECT_EQ(exchange(connect(), "GET / HTTP/1.1\r\nX: " + std::string(9000, 'a') + "\r\n\r\n"), "");
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(MetricsServerTest, ConnectionsAboveTheLimitAreClosedAndOthersStillServed) {
  std::vector<int> idle;
  for (int i = 0; i < 32; ++i) idle.push_back(connect());
  char byte = 0;
  const int extra = connect();
  EXPECT_EQ(::recv(extra, &byte, 1, 0), 0) << "closed, unanswered";
  ::close(extra);
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  for (const int fd : idle) EXPECT_THAT(exchange(fd, request), StartsWith("HTTP/1.1 200 "));
}

TEST_F(MetricsServerTest, AnAddressThatIsTakenOrNoneSaysWhatToChange) {
  const MetricsSource source{[] { return std::string(); }, [] { return Health(); }};
  const auto taken = MetricsServer::start(fmt::format("127.0.0.1:{}", server_->port()), source);
  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.error().message, HasSubstr("choose another metrics.listen"));
  for (const char* listen : {"", "9464", "localhost:1", "127.0.0.1:", "127.0.0.1:99999"}) {
    EXPECT_FALSE(MetricsServer::start(listen, source).ok()) << listen;
  }
}

}  // namespace
}  // namespace sonde::app
