#include "agent/app/scope.h"

#include <gtest/gtest.h>

namespace sonde::app {
namespace {

llm::Process process(std::string exe, uint32_t uid) {
  llm::Process process;
  process.exe = std::move(exe);
  process.uid = uid;
  return process;
}

llm::Network network(std::string local, std::string peer) {
  llm::Network network;
  network.local = std::move(local);
  network.peer = std::move(peer);
  return network;
}

TEST(ScopeTest, WithoutRulesEverythingIsHeard) {
  const Scope scope{config::Capture{}};
  EXPECT_TRUE(scope.includes(process("/usr/bin/node", 0), ""));
  EXPECT_TRUE(scope.includes(network("", "")));
}

TEST(ScopeTest, DenyIsStrongerThanAllow) {
  config::Capture rules;
  rules.allow.exes = {"/usr/bin/*"};
  rules.deny.exes = {"*/curl"};
  rules.deny.uids = {1000};
  const Scope scope(rules);
  EXPECT_TRUE(scope.includes(process("/usr/bin/node", 0), ""));
  EXPECT_FALSE(scope.includes(process("/usr/bin/curl", 0), ""));
  EXPECT_FALSE(scope.includes(process("/usr/bin/node", 1000), ""));
  EXPECT_FALSE(scope.includes(process("/opt/agent", 0), ""));
}

TEST(ScopeTest, PortsOfEitherEndCount) {
  config::Capture rules;
  rules.allow.ports = {443};
  rules.deny.ports = {8443};
  const Scope scope(rules);
  EXPECT_TRUE(scope.includes(network("192.0.2.1:50000", "198.51.100.1:443")));
  EXPECT_TRUE(scope.includes(network("[2001:db8::1]:443", "[2001:db8::2]:50000")));
  EXPECT_FALSE(scope.includes(network("192.0.2.1:8443", "198.51.100.1:443")));
  EXPECT_FALSE(scope.includes(network("192.0.2.1:50000", "198.51.100.1:80")));
}

TEST(ScopeTest, CgroupsAreGlobs) {
  config::Capture rules;
  rules.allow.cgroups = {"/kubepods*"};
  rules.deny.cgroups = {"*/pod0f3a*"};
  const Scope scope(rules);
  EXPECT_TRUE(scope.judges_processes());
  EXPECT_TRUE(scope.includes(process("/usr/bin/node", 0), "/kubepods/burstable/pod77/x"));
  EXPECT_FALSE(scope.includes(process("/usr/bin/node", 0), "/kubepods/burstable/pod0f3a/x"));
  EXPECT_FALSE(scope.includes(process("/usr/bin/node", 0), "/system.slice/x.service"));
}

std::optional<llm::Kubernetes> pod(std::string namespace_name, std::string tier) {
  llm::Kubernetes pod;
  pod.namespace_name = std::move(namespace_name);
  pod.labels = {{"app", "agent"}, {"tier", std::move(tier)}};
  return pod;
}

TEST(ScopeTest, PodsAreJudgedByNamespaceAndLabel) {
  config::Capture rules;
  rules.allow.namespaces = {"shop-*"};
  rules.deny.pod_labels = {"tier=test*", "private"};
  const Scope scope(rules);
  EXPECT_TRUE(scope.includes(pod("shop-eu", "ai")));
  EXPECT_FALSE(scope.includes(pod("kube-system", "ai")));
  EXPECT_FALSE(scope.includes(pod("shop-eu", "testing")));
  EXPECT_FALSE(scope.includes(std::optional<llm::Kubernetes>()));  // of no pod
  config::Capture labelled;
  labelled.allow.pod_labels = {"app"};
  EXPECT_TRUE(Scope(labelled).includes(pod("any", "ai")));
  labelled.allow.pod_labels = {"app=other"};
  EXPECT_FALSE(Scope(labelled).includes(pod("any", "ai")));
}

}  // namespace
}  // namespace sonde::app
