#include "agent/app/identity/runtime_records.h"

#include <gtest/gtest.h>

namespace sonde::app {
namespace {

TEST(RuntimeRecordsTest, DockerSaysNameAndImage) {
  RuntimeFacts facts;
  ASSERT_TRUE(read_docker_config(
      R"({"ID":"6555","Name":"/agent","Image":"sha256:1a12","Driver":"overlay2",)"
      R"("Config":{"Image":"registry.example/agent:2","Labels":{}}})",
      facts));
  EXPECT_EQ(facts.name, "agent");
  EXPECT_EQ(facts.image, "registry.example/agent:2");
  EXPECT_TRUE(facts.kubernetes.pod.empty());
}

TEST(RuntimeRecordsTest, DockerUnderKubernetesSaysThePod) {
  RuntimeFacts facts;
  ASSERT_TRUE(read_docker_config(
      R"({"Name":"/k8s_main_agent-0_shop_uid_0","Config":{"Image":"agent@sha256:1a12","Labels":{)"
      R"("io.kubernetes.container.name":"main","io.kubernetes.pod.name":"agent-0",)"
      R"("io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"0f3a9c1e"}}})",
      facts));
  EXPECT_EQ(facts.kubernetes.namespace_name, "shop");
  EXPECT_EQ(facts.kubernetes.pod, "agent-0");
  EXPECT_EQ(facts.kubernetes.container, "main");
  EXPECT_EQ(facts.kubernetes.pod_uid, "0f3a9c1e");
}

TEST(RuntimeRecordsTest, ContainerdUnderKubernetesSaysAll) {
  RuntimeFacts facts;
  ASSERT_TRUE(read_bundle_config(
      R"({"ociVersion":"1.0.2-dev","annotations":{"io.kubernetes.cri.container-name":"main",)"
      R"("io.kubernetes.cri.container-type":"container","io.kubernetes.cri.image-name":)"
      R"("registry.example/agent:2","io.kubernetes.cri.sandbox-id":"77","io.kubernetes.cri.)"
      R"(sandbox-name":"agent-0","io.kubernetes.cri.sandbox-namespace":"shop",)"
      R"("io.kubernetes.cri.sandbox-uid":"0f3a9c1e"}})",
      facts));
  EXPECT_EQ(facts.name, "main");
  EXPECT_EQ(facts.image, "registry.example/agent:2");
  EXPECT_EQ(facts.kubernetes.pod, "agent-0");
  EXPECT_EQ(facts.kubernetes.namespace_name, "shop");
  EXPECT_EQ(facts.kubernetes.container, "main");
}

TEST(RuntimeRecordsTest, ASandboxIsNoContainerOfThePod) {
  RuntimeFacts facts;
  ASSERT_TRUE(read_bundle_config(
      R"({"ociVersion":"1.0.2","annotations":{"io.kubernetes.cri.container-type":"sandbox",)"
      R"("io.kubernetes.cri.container-name":"x","io.kubernetes.cri.sandbox-name":"agent-0"}})",
      facts));
  EXPECT_EQ(facts.kubernetes.pod, "agent-0");
  EXPECT_TRUE(facts.kubernetes.container.empty());
}

TEST(RuntimeRecordsTest, CrioSaysAll) {
  RuntimeFacts facts;
  ASSERT_TRUE(read_bundle_config(
      R"({"ociVersion":"1.0.2","annotations":{"io.kubernetes.container.name":"main",)"
      R"("io.kubernetes.pod.name":"agent-0","io.kubernetes.pod.namespace":"shop",)"
      R"("io.kubernetes.cri-o.ContainerType":"container",)"
      R"("io.kubernetes.cri-o.ImageName":"registry.example/agent:2"}})",
      facts));
  EXPECT_EQ(facts.name, "main");
  EXPECT_EQ(facts.image, "registry.example/agent:2");
  EXPECT_EQ(facts.kubernetes.pod, "agent-0");
}

// As Podman 4.3 writes it.
TEST(RuntimeRecordsTest, PodmanSaysNameAndImageInItsList) {
  constexpr const char* kList =
      R"([{"id":"11","names":["other"]},{"id":"6555","names":["agent"],"image":"1a12","layer":"cf",)"
      R"("metadata":"{\"image-name\":\"docker.io/library/box:1\",\"image-id\":\"1a12\",)"
      R"(\"name\":\"agent\",\"created-at\":1795451287}","flags":{"MountLabel":""}}])";
  RuntimeFacts facts;
  ASSERT_TRUE(read_storage_list(kList, "6555", facts));
  EXPECT_EQ(facts.name, "agent");
  EXPECT_EQ(facts.image, "docker.io/library/box:1");
  EXPECT_FALSE(read_storage_list(kList, "6556", facts));
}

TEST(RuntimeRecordsTest, RuncKeepsAnnotationsAsLabels) {
  RuntimeFacts facts;
  ASSERT_TRUE(read_runc_state(
      R"({"id":"web","config":{"labels":["io.kubernetes.cri.container-name=main","bundle=/b","x"]}})",
      facts));
  EXPECT_EQ(facts.kubernetes.container, "main");
}

TEST(RuntimeRecordsTest, WhatIsOfAnotherKindIsRefused) {
  for (const char* text : {"", "{", "[]", "null", "7", R"({"Config":[]})", R"({"annotations":{}})",
                           R"({"config":{"labels":{}}})", R"([{"id":7}])"}) {
    RuntimeFacts facts;
    EXPECT_FALSE(read_docker_config(text, facts)) << text;
    EXPECT_FALSE(read_bundle_config(text, facts)) << text;
    EXPECT_FALSE(read_storage_list(text, "7", facts)) << text;
    EXPECT_FALSE(read_runc_state(text, facts)) << text;
  }
}

TEST(RuntimeRecordsTest, ValuesOfWrongTypesAreLeftOutAndLongOnesCut) {
  RuntimeFacts facts;
  ASSERT_TRUE(read_docker_config(R"({"Name":[1],"Config":{"Image":")" + std::string(4096, 'x') +
                                     R"(","Labels":{"io.kubernetes.pod.name":{}}}})",
                                 facts));
  EXPECT_TRUE(facts.name.empty());
  EXPECT_EQ(facts.image.size(), 512u);
  EXPECT_TRUE(facts.kubernetes.pod.empty());
}

}  // namespace
}  // namespace sonde::app
