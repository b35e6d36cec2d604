#include "agent/app/identity/container_finder.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace sonde::app {
namespace {

namespace fs = std::filesystem;

const std::string kId = "655568aca35e4ddf4d53224e7c2df976ff9cca9c7ce43db1952c4a4314f20418";

class ContainerFinderTest : public testing::Test {
 protected:
  ContainerFinderTest() { fs::create_directories(root_); }
  ~ContainerFinderTest() override { fs::remove_all(root_); }

  void put(const std::string& path, const std::string& text) {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  Identity find(const std::string& cgroup) const {
    return ContainerFinder(root_.string()).find(attach::parse_cgroups("0::" + cgroup + "\n"));
  }

  fs::path root_ =
      fs::temp_directory_path() / ("sonde-finder-" + std::to_string(getpid()) + "-" +
                                   testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(ContainerFinderTest, DockerIsFoundWhereItsDaemonKeepsIt) {
  put("etc/docker/daemon.json", R"({"data-root": "/data/docker"})");
  put("data/docker/containers/" + kId + "/config.v2.json",
      R"({"Name":"/agent","Config":{"Image":"agent:2"}})");
  const Identity found = find("/system.slice/docker-" + kId + ".scope");
  ASSERT_TRUE(found.container);
  EXPECT_EQ(found.container->id, kId);
  EXPECT_EQ(found.container->name, "agent");
  EXPECT_EQ(found.container->image, "agent:2");
  EXPECT_EQ(found.container->runtime, "docker");
  EXPECT_FALSE(found.kubernetes);
}

TEST_F(ContainerFinderTest, ContainerdUnderKubernetesIsFoundInAnyNamespace) {
  put("run/containerd/io.containerd.runtime.v2.task/k8s.io/" + kId + "/config.json",
      R"({"ociVersion":"1","annotations":{"io.kubernetes.cri.container-name":"main",)"
      R"("io.kubernetes.cri.image-name":"agent:2","io.kubernetes.cri.sandbox-name":"agent-0",)"
      R"("io.kubernetes.cri.sandbox-namespace":"shop"}})");
  const Identity found = find("/kubepods/burstable/pod0f3a9c1e-7b2d-4c58-9a61-3e5f7d8c2b40/" + kId);
  ASSERT_TRUE(found.container);
  EXPECT_EQ(found.container->name, "main");
  EXPECT_EQ(found.container->runtime, "containerd");
  ASSERT_TRUE(found.kubernetes);
  EXPECT_EQ(found.kubernetes->namespace_name, "shop");
  EXPECT_EQ(found.kubernetes->pod_uid, "0f3a9c1e-7b2d-4c58-9a61-3e5f7d8c2b40");
}

TEST_F(ContainerFinderTest, AContainerdNameIsProvenByItsCgroup) {
  put("run/containerd/io.containerd.runtime.v2.task/default/web/config.json",
      R"({"ociVersion":"1","linux":{"cgroupsPath":"/default/web"}})");
  const Identity found = find("/default/web");
  ASSERT_TRUE(found.container);
  EXPECT_EQ(found.container->id, "web");
  EXPECT_EQ(found.container->name, "web");
  EXPECT_FALSE(find("/elsewhere/web").container);
  EXPECT_FALSE(find("/system.slice/web.service").container);
}

TEST_F(ContainerFinderTest, PodmanRootlessIsFoundInItsUsersHome) {
  put("etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n");
  put("home/ada/.local/share/containers/storage/overlay-containers/containers.json",
      R"([{"id":")" + kId +
          R"(","names":["agent"],"metadata":"{\"image-name\":\"docker.io/library/box:1\"}"}])");
  const Identity found =
      find("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope");
  ASSERT_TRUE(found.container);
  EXPECT_EQ(found.container->name, "agent");
  EXPECT_EQ(found.container->image, "docker.io/library/box:1");
  EXPECT_EQ(found.container->runtime, "podman");
}

TEST_F(ContainerFinderTest, CrioIsFoundByItsBundle) {
  put("run/containers/storage/overlay-containers/" + kId + "/userdata/config.json",
      R"({"ociVersion":"1","annotations":{"io.kubernetes.container.name":"main",)"
      R"("io.kubernetes.pod.name":"agent-0","io.kubernetes.cri-o.ImageName":"agent:2"}})");
  const Identity found = find("/kubepods/besteffort/pod0f3a9c1e/crio-" + kId);
  ASSERT_TRUE(found.container);
  EXPECT_EQ(found.container->image, "agent:2");
  EXPECT_EQ(found.container->runtime, "crio");
  ASSERT_TRUE(found.kubernetes);
  EXPECT_EQ(found.kubernetes->pod, "agent-0");
}

TEST_F(ContainerFinderTest, RuncAloneIsFoundByItsState) {
  put("run/runc/web/state.json",
      R"({"id":"web","cgroup_paths":{"":"/sys/fs/cgroup/web"},"config":{"labels":["bundle=/b"]}})");
  ASSERT_TRUE(find("/web").container);
  EXPECT_EQ(find("/web").container->runtime, "runc");
  EXPECT_FALSE(find("/other/web").container);
}

TEST_F(ContainerFinderTest, LinksStayInsideTheHostsRoot) {
  put("run/docker-data/containers/" + kId + "/config.v2.json",
      R"({"Name":"/agent","Config":{"Image":"agent:2"}})");
  fs::create_directories(root_ / "var/lib");
  fs::create_directory_symlink("/run/docker-data", root_ / "var/lib/docker");
  EXPECT_EQ(find("/docker/" + kId).container->name, "agent");
}

TEST_F(ContainerFinderTest, AnUnknownContainerKeepsItsId) {
  const Identity found = find("/docker/" + kId);
  ASSERT_TRUE(found.container);
  EXPECT_EQ(found.container->id, kId);
  EXPECT_TRUE(found.container->name.empty());
  EXPECT_FALSE(find("/user.slice/session-3.scope").container);
}

TEST_F(ContainerFinderTest, ANameCannotLeadOutOfTheFolder) {
  put("secret/config.json", R"({"ociVersion":"1","linux":{"cgroupsPath":"/x/.."}})");
  EXPECT_FALSE(find("/x/..").container);
  EXPECT_FALSE(find("/x/%2e%2e").container);
}

TEST_F(ContainerFinderTest, AFileThatIsTooLargeIsNotRead) {
  put("var/lib/docker/containers/" + kId + "/config.v2.json",
      R"({"Name":"/agent","Config":{"Image":"agent:2","pad":")" + std::string(2 << 20, 'x') +
          R"("}})");
  EXPECT_TRUE(find("/docker/" + kId).container->name.empty());
}

}  // namespace
}  // namespace sonde::app
