#include "agent/attach/cgroup_path.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sonde::attach {
namespace {

const std::string kId = "655568aca35e4ddf4d53224e7c2df976ff9cca9c7ce43db1952c4a4314f20418";
const std::string kOther = std::string(64, 'a');
constexpr const char* kUid = "0f3a9c1e-7b2d-4c58-9a61-3e5f7d8c2b40";
constexpr const char* kUidOfSlice = "0f3a9c1e_7b2d_4c58_9a61_3e5f7d8c2b40";

struct Layout {
  const char* name;
  std::string path;
  const char* runtime;
  bool in_pod = false;
};

class LayoutTest : public testing::TestWithParam<Layout> {};

TEST_P(LayoutTest, ContainerRuntimeAndPodAreRead) {
  const Layout& layout = GetParam();
  for (const std::string& text :
       {fmt::format("0::{}\n", layout.path),
        fmt::format("9:name=systemd:{0}\n8:pids:{0}\n0::/\n", layout.path),
        fmt::format("5:devices:/\n4:memory:{}\n0::/init.scope", layout.path)}) {
    const CgroupMembership membership = parse_cgroups(text);
    EXPECT_EQ(membership.path, layout.path) << text;
    EXPECT_EQ(membership.container_id, kId) << text;
    EXPECT_EQ(membership.runtime, layout.runtime) << text;
    EXPECT_EQ(membership.pod_uid, layout.in_pod ? kUid : "") << text;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, LayoutTest,
    testing::Values(
        Layout{"docker_cgroupfs", "/docker/" + kId, "docker"},
        Layout{"docker_systemd", "/system.slice/docker-" + kId + ".scope", "docker"},
        Layout{"docker_service_inside", "/docker/" + kId + "/system.slice/x.service", "docker"},
        Layout{"containerd_cgroupfs", fmt::format("/kubepods/burstable/pod{}/{}", kUid, kId), "",
               true},
        Layout{"containerd_systemd",
               fmt::format("/kubepods.slice/kubepods-burstable.slice/"
                           "kubepods-burstable-pod{}.slice/cri-containerd-{}.scope",
                           kUidOfSlice, kId),
               "containerd", true},
        Layout{"containerd_guaranteed",
               fmt::format("/kubepods.slice/kubepods-pod{}.slice/cri-containerd-{}.scope",
                           kUidOfSlice, kId),
               "containerd", true},
        Layout{"containerd_systemd_path_taken_by_cgroupfs",
               fmt::format("/kubepods-besteffort-pod{}.slice:cri-containerd:{}", kUidOfSlice, kId),
               "containerd", true},
        Layout{"crio_systemd",
               fmt::format("/kubepods.slice/kubepods-besteffort.slice/"
                           "kubepods-besteffort-pod{}.slice/crio-{}.scope/container",
                           kUidOfSlice, kId),
               "crio", true},
        Layout{"crio_cgroupfs", fmt::format("/kubepods/besteffort/pod{}/crio-{}", kUid, kId),
               "crio", true},
        Layout{"podman_systemd", "/machine.slice/libpod-" + kId + ".scope/container", "podman"},
        Layout{"podman_cgroupfs", "/libpod_parent/libpod-" + kId, "podman"},
        Layout{"podman_rootless",
               "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId +
                   ".scope/container",
               "podman"},
        Layout{"seen_from_another_cgroup_namespace",
               fmt::format("/../../kubepods-burstable-pod{}.slice/cri-containerd-{}.scope",
                           kUidOfSlice, kId),
               "containerd", true},
        Layout{"kubernetes_in_docker",
               fmt::format("/docker/{}/kubelet.slice/kubelet-kubepods.slice/"
                           "kubelet-kubepods-pod{}.slice/cri-containerd-{}.scope",
                           kOther, kUidOfSlice, kId),
               "containerd", true}),
    [](const auto& made) { return std::string(made.param.name); });

TEST(CgroupPathTest, AMonitorIsOutsideOfItsContainer) {
  for (const char* prefix : {"libpod-conmon-", "crio-conmon-"}) {
    const auto membership =
        parse_cgroups(fmt::format("0::/machine.slice/{}{}.scope\n", prefix, kId));
    EXPECT_TRUE(membership.container_id.empty());
    EXPECT_FALSE(membership.path.empty());
  }
}

TEST(CgroupPathTest, AServiceOfTheHostIsNoContainer) {
  const auto membership =
      parse_cgroups("4:memory:/limits\n1:name=systemd:/\n0::/system.slice/x.service\n");
  EXPECT_EQ(membership.path, "/system.slice/x.service");
  EXPECT_TRUE(membership.container_id.empty());
  EXPECT_TRUE(membership.pod_uid.empty());
}

TEST(CgroupPathTest, TheRootIsNowhere) {
  EXPECT_TRUE(parse_cgroups("9:name=systemd:/\n0::/\n").path.empty());
  EXPECT_TRUE(parse_cgroups("").path.empty());
  EXPECT_TRUE(parse_cgroups("nonsense\n::\n:\n0:\n").path.empty());
}

TEST(CgroupPathTest, DigitsThatAreNoIdAreNone) {
  EXPECT_TRUE(parse_cgroups("0::/docker/" + kId + "0").container_id.empty());
  EXPECT_TRUE(parse_cgroups("0::/docker/" + kId.substr(1)).container_id.empty());
  EXPECT_TRUE(parse_cgroups("0::/x" + kId).container_id.empty());
}

TEST(CgroupPathTest, EveryTruncationIsSurvived) {
  const std::string text =
      fmt::format("9:name=systemd:/kubepods/burstable/pod{}/{}\n0::/\n", kUid, kId);
  for (size_t size = 0; size <= text.size(); ++size) parse_cgroups(text.substr(0, size));
}

}  // namespace
}  // namespace sonde::attach
