#include "agent/app/identity/pod_list.h"

#include <gtest/gtest.h>

namespace sonde::app {
namespace {

const std::string kId = "655568aca35e4ddf4d53224e7c2df976ff9cca9c7ce43db1952c4a4314f20418";
constexpr const char* kUid = "0f3a9c1e-7b2d-4c58-9a61-3e5f7d8c2b40";

const std::string kPods =
    R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"agent-0",)"
    R"("namespace":"shop","uid":")" +
    std::string(kUid) +
    R"(","labels":{"app":"agent","tier":"ai"}},"spec":{"nodeName":"node-4","containers":[{"name":)"
    R"("main","image":"agent:2"}]},"status":{"phase":"Running","containerStatuses":[{"name":"main",)"
    R"("image":"registry.example/agent:2","containerID":"containerd://)" +
    kId +
    R"("}]}},{"metadata":{"name":"static-node-4","namespace":"kube-system","uid":"22","annotations":)"
    R"({"kubernetes.io/config.hash":"8f0c"}},"spec":{"nodeName":"node-4"},"status":{}}]})";

Identity of(const attach::CgroupMembership& membership) {
  Identity identity;
  identity.container.emplace();
  identity.container->id = membership.container_id;
  return identity;
}

TEST(PodListTest, AContainerIsFoundByItsId) {
  const auto list = PodList::parse(kPods);
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->size(), 2u);
  attach::CgroupMembership membership;
  membership.container_id = kId;
  Identity identity = of(membership);
  ASSERT_TRUE(list->complete(membership, identity));
  EXPECT_EQ(identity.kubernetes->namespace_name, "shop");
  EXPECT_EQ(identity.kubernetes->pod, "agent-0");
  EXPECT_EQ(identity.kubernetes->container, "main");
  EXPECT_EQ(identity.kubernetes->node, "node-4");
  EXPECT_EQ(identity.kubernetes->pod_uid, kUid);
  const std::vector<std::pair<std::string, std::string>> labels = {{"app", "agent"},
                                                                   {"tier", "ai"}};
  EXPECT_EQ(identity.kubernetes->labels, labels);
  EXPECT_EQ(identity.container->name, "main");
  EXPECT_EQ(identity.container->image, "registry.example/agent:2");
}

// A container that has just started is not in the status yet.
TEST(PodListTest, APodIsFoundByItsUid) {
  const auto list = PodList::parse(kPods);
  attach::CgroupMembership membership;
  membership.container_id = std::string(64, '1');
  membership.pod_uid = kUid;
  Identity identity = of(membership);
  ASSERT_TRUE(list->complete(membership, identity));
  EXPECT_EQ(identity.kubernetes->pod, "agent-0");
  EXPECT_TRUE(identity.kubernetes->container.empty());
  membership.pod_uid = "8f0c";
  ASSERT_TRUE(list->complete(membership, identity = of(membership)));
  EXPECT_EQ(identity.kubernetes->pod, "static-node-4");
}

TEST(PodListTest, WhatTheRuntimeSaidOfTheContainerStays) {
  const auto list = PodList::parse(kPods);
  attach::CgroupMembership membership;
  membership.container_id = kId;
  Identity identity = of(membership);
  identity.container->name = "by-runtime";
  identity.container->image = "agent@sha256:1";
  ASSERT_TRUE(list->complete(membership, identity));
  EXPECT_EQ(identity.container->name, "by-runtime");
  EXPECT_EQ(identity.container->image, "agent@sha256:1");
}

TEST(PodListTest, AStrangerIsNotInTheList) {
  const auto list = PodList::parse(kPods);
  attach::CgroupMembership membership;
  membership.container_id = std::string(64, '2');
  Identity identity = of(membership);
  EXPECT_FALSE(list->complete(membership, identity));
  EXPECT_FALSE(identity.kubernetes);
}

TEST(PodListTest, WhatIsNoListIsRefusedAndOddPodsAreSurvived) {
  for (const char* text : {"", "{", "[]", "null", R"({"items":{}})", "Unauthorized"}) {
    EXPECT_FALSE(PodList::parse(text).ok()) << text;
  }
  const auto odd =
      PodList::parse(R"({"items":[7,{},{"metadata":[]},{"metadata":{"labels":[],"uid":7},"status":)"
                     R"({"containerStatuses":[1,{"containerID":2}]}}]})");
  ASSERT_TRUE(odd.ok());
  for (size_t size = 0; size < kPods.size(); size += 7) {
    EXPECT_FALSE(PodList::parse(kPods.substr(0, size)).ok());
  }
}

TEST(PodListTest, LabelsAndPodsAreBounded) {
  std::string labels;
  for (int i = 0; i < 1000; ++i) labels += "\"l" + std::to_string(i) + "\":\"x\",";
  labels += "\"z\":\"" + std::string(10000, 'z') + "\"";
  std::string pods = R"({"items":[{"metadata":{"uid":"1","labels":{)" + labels + "}}}";
  for (int i = 0; i < 5000; ++i) pods += ",{}";
  const auto list = PodList::parse(pods + "]}");
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->size(), 4096u);
  attach::CgroupMembership membership;
  membership.pod_uid = "1";
  Identity identity;
  ASSERT_TRUE(list->complete(membership, identity));
  EXPECT_EQ(identity.kubernetes->labels.size(), 64u);
}

}  // namespace
}  // namespace sonde::app
