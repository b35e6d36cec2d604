#include "agent/app/doctor_advice.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sonde::app {
namespace {

using Json = nlohmann::json;

Json healthy() {
  return Json::parse(R"({"schema":"sonde.doctor/1","can_listen":true,
    "kernel":{"release":"6.1.0","btf":true},
    "capabilities":[{"name":"CAP_BPF","present":true,"needed":true,"without_it":"nothing works"},
                    {"name":"CAP_SYS_RESOURCE","present":false,"needed":false,"without_it":"no room"}],
    "features":{"exec_tracepoints":true,"socket_trace":true,"plain_http":true,"stdio":true,
                "sleepable_uprobes":true,"uprobe_multi":false},
    "processes":[{"pid":7,"exe":"/usr/bin/curl","covered":true}],
    "files":[{"path":"/usr/lib/libssl.so.3","covered":true}]})");
}

TEST(DoctorAdviceTest, AHealthyHostNeedsNone) { EXPECT_TRUE(advise(healthy()).empty()); }

TEST(DoctorAdviceTest, AMissingCapabilityComesFirstAndIsNamedWithWhatFollows) {
  Json report = healthy();
  report["capabilities"][0]["present"] = false;
  report["can_listen"] = false;
  report["reason"] = "cannot load BPF programs";
  const auto advice = advise(report);
  ASSERT_EQ(advice.size(), 1U);  // the reason is that one
  EXPECT_EQ(advice[0].what, "CAP_BPF is missing: nothing works");
  EXPECT_NE(advice[0].how.find("sonde-agent.service"), std::string::npos);
}

TEST(DoctorAdviceTest, AFailureWithoutACauseIsToldAsItIs) {
  Json report = healthy();
  report["can_listen"] = false;
  report["reason"] = "no ring buffer";
  ASSERT_EQ(advise(report).size(), 1U);
  EXPECT_EQ(advise(report)[0].what, "no ring buffer");
  report["kernel"]["btf"] = false;
  ASSERT_EQ(advise(report).size(), 1U);
  EXPECT_NE(advise(report)[0].how.find("CONFIG_DEBUG_INFO_BTF"), std::string::npos);
}

TEST(DoctorAdviceTest, AFeatureThatCostsWhatIsHeardIsNamed) {
  Json report = healthy();
  report["features"]["stdio"] = false;
  const auto advice = advise(report);
  ASSERT_EQ(advice.size(), 1U);
  EXPECT_EQ(advice[0].what,
            "this kernel has no stdio: MCP servers over standard input and output are not heard");
}

TEST(DoctorAdviceTest, ProcessesOfOneProgramWithOneReasonAreOnePiece) {
  Json report = healthy();
  for (uint32_t pid = 100; pid < 105; ++pid) {
    report["processes"].push_back({{"pid", pid},
                                   {"exe", "/opt/agent"},
                                   {"covered", false},
                                   {"reason", "unsupported build of ring"}});
  }
  report["files"].push_back(
      {{"path", "/opt/agent"}, {"covered", false}, {"reason", "unsupported build of ring"}});
  report["processes"].push_back({{"pid", 9},
                                 {"exe", "/opt/other"},
                                 {"covered", false},
                                 {"reason", "no RET could be decided"}});
  const auto advice = advise(report);
  ASSERT_EQ(advice.size(), 2U);
  EXPECT_EQ(advice[0].what,
            "/opt/agent (pid 100, 101, 102 and 2 more) is not heard: unsupported build of ring");
  EXPECT_NE(advice[0].how.find("sonde locate '/opt/agent'"), std::string::npos);
  EXPECT_EQ(advice[1].what, "/opt/other (pid 9) is not heard: no RET could be decided");
}

}  // namespace
}  // namespace sonde::app
