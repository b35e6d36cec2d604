#include "agent/app/identity/identity_resolver.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/app/identity/identity_json.h"
#include "agent/capture/event.h"

namespace sonde::app {
namespace {

const std::string kId(64, 'a');

// What the resolver answered, in the order of the answers.
class Answers {
 public:
  void add(Bytes record) {
    const auto event = capture::decode(record);
    ASSERT_TRUE(event);
    const auto* container = std::get_if<capture::ContainerEvent>(&event->body);
    ASSERT_NE(container, nullptr);
    auto answer = identity_from_json(container->json);
    ASSERT_TRUE(answer);
    const std::scoped_lock lock(mutex_);
    answers_.push_back(std::move(*answer));
    changed_.notify_all();
  }
  std::vector<std::pair<std::string, Identity>> wait_for(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return answers_.size() >= count; });
    return answers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::string, Identity>> answers_;
};

// A server on loopback that reads a question, says `beginning`, then `drip` again and again, and
// never comes to an end.
class HangingServer {
 public:
  HangingServer(std::string beginning, std::string drip)
      : beginning_(std::move(beginning)), drip_(std::move(drip)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  ~HangingServer() {
    shutdown(listener_, SHUT_RDWR);  // ends accept()
    thread_ = {};
    close(listener_);
  }
  HangingServer(const HangingServer&) = delete;
  HangingServer& operator=(const HangingServer&) = delete;

  const std::string& url() const { return url_; }
  void wait_until_asked() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [this] { return asked_; });
    ASSERT_TRUE(asked_);
  }

 private:
  void serve(const std::stop_token& stop) {
    const int peer = accept(listener_, nullptr, nullptr);
    std::array<char, 4096> question;
    if (peer < 0 || recv(peer, question.data(), question.size(), 0) <= 0) return;
    send(peer, beginning_.data(), beginning_.size(), MSG_NOSIGNAL);
    {
      const std::scoped_lock lock(mutex_);
      asked_ = true;
    }
    changed_.notify_all();
    while (!stop.stop_requested()) {
      send(peer, drip_.data(), drip_.size(), MSG_NOSIGNAL);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    close(peer);
  }

  const std::string beginning_;
  const std::string drip_;
  int listener_ = -1;
  std::string url_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  std::jthread thread_;
};

class IdentityResolverTest : public testing::Test {
 protected:
  std::unique_ptr<IdentityResolver> start(const IdentityOptions& options) {
    auto resolver =
        IdentityResolver::start(options, counters_, [this](Bytes record) { answers_.add(record); });
    EXPECT_TRUE(resolver.ok());
    return std::move(*resolver);
  }

  Counters counters_;
  Answers answers_;
};

TEST_F(IdentityResolverTest, EveryCgroupIsAnsweredAlsoThatOfNoContainer) {
  const auto resolver = start({});
  resolver->note(attach::parse_cgroups("0::/system.slice/sonde-test.service"));
  resolver->note(attach::parse_cgroups("0::/docker/" + kId));
  const auto answers = answers_.wait_for(2);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].first, "/system.slice/sonde-test.service");
  EXPECT_FALSE(answers[0].second.container);
  EXPECT_EQ(answers[1].second.container->id, kId);
}

TEST_F(IdentityResolverTest, AKnownCgroupIsAnsweredAtOnce) {
  const auto resolver = start({});
  const auto membership = attach::parse_cgroups("0::/docker/" + kId);
  resolver->note(membership);
  answers_.wait_for(1);
  resolver->stop();
  resolver->note(membership);
  EXPECT_EQ(answers_.wait_for(2).size(), 2u);
}

// Nothing listens there: the runtime's facts are told nevertheless, and the failure is counted.
TEST_F(IdentityResolverTest, AKubeletThatDoesNotAnswerHoldsNobodyUp) {
  IdentityOptions options;
  options.kubernetes.kubelet = "https://127.0.0.1:1";
  const auto resolver = start(options);
  resolver->note(attach::parse_cgroups("0::/kubepods/pod0f3a9c1e-7b2d/" + kId));
  const auto answers = answers_.wait_for(1);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].second.container->id, kId);
  EXPECT_EQ(answers[0].second.kubernetes->pod_uid, "0f3a9c1e-7b2d");
  EXPECT_EQ(counters_.value(Count::kKubeletFailed), 1u);
}

// An answer may take five seconds; the end of the program waits for none. The pod is told of as far
// as the runtime knows it.
TEST_F(IdentityResolverTest, AStopWaitsForNoAnswerOfTheKubelet) {
  const std::string headers = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
  const std::pair<std::string, std::string> hanging[] = {{"", ""},
                                                         {"HTTP/1.1 200 OK\r\nContent-", ""},
                                                         {headers + "{\"items\":[", ""},
                                                         {headers, " "}};
  for (const auto& [beginning, drip] : hanging) {
    HangingServer kubelet(beginning, drip);
    IdentityOptions options;
    options.kubernetes.kubelet = kubelet.url();
    options.kubernetes.token_file.clear();
    const auto resolver = start(options);
    const size_t before = answers_.wait_for(0).size();
    resolver->note(attach::parse_cgroups("0::/kubepods/pod0f3a9c1e-7b2d/" + kId));
    kubelet.wait_until_asked();
    const auto began = std::chrono::steady_clock::now();
    resolver->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3)) << beginning;
    const auto answers = answers_.wait_for(0);
    ASSERT_EQ(answers.size(), before + 1);
    EXPECT_EQ(answers.back().second.container->id, kId);
  }
}

TEST_F(IdentityResolverTest, WhatIsStillAskedAtTheEndIsAnswered) {
  const auto resolver = start({});
  for (int i = 0; i < 100; ++i) {
    resolver->note(attach::parse_cgroups("0::/slice/" + std::to_string(i)));
  }
  resolver->stop();
  EXPECT_EQ(answers_.wait_for(100).size(), 100u);
}

TEST(IdentityJsonTest, WhatIsWrittenIsRead) {
  Identity identity;
  identity.container = llm::Container{"id", "name", "image:1", "docker"};
  identity.kubernetes = llm::Kubernetes{"shop", "agent-0", "main", "node", "uid", {{"a", "b"}}};
  const auto read = identity_from_json(identity_to_json("/x", identity));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->first, "/x");
  EXPECT_EQ(read->second.container->image, "image:1");
  EXPECT_EQ(read->second.container->runtime, "docker");
  EXPECT_EQ(read->second.kubernetes->labels, identity.kubernetes->labels);
  EXPECT_EQ(read->second.kubernetes->pod_uid, "uid");
}

TEST(IdentityJsonTest, AnythingElseIsRefused) {
  for (const char* text : {"", "7", "[]", "{}", R"({"cgroup":7})", R"({"cgroup":""})"}) {
    EXPECT_FALSE(identity_from_json(text)) << text;
  }
  EXPECT_TRUE(identity_from_json(R"({"cgroup":"/x","container":7,"k8s":[]})"));
}

}  // namespace
}  // namespace sonde::app
