#include "agent/app/identity/identity_resolver.h"

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

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
