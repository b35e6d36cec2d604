#include "agent/alert/alert.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "agent/alert/atlas.h"
#include "tests/unit/alert/sample.h"

namespace sonde::alert {
namespace {

using nlohmann::json;

// Validates every line against docs/alert.schema.json; returns what the validator says, "" if all
// is well.
std::string schema_problems(const std::vector<std::string>& lines) {
  std::string path = (std::filesystem::temp_directory_path() / "sonde-alerts.XXXXXX").string();
  ::close(::mkstemp(path.data()));
  {
    std::ofstream file(path);
    for (const std::string& line : lines) file << line << '\n';
  }
  const std::string command = fmt::format(
      "python3 {0}/tests/support/validate_alerts.py {0}/docs/alert.schema.json {1} 2>&1",
      SONDE_SOURCE_DIR, path);
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe)) output += buffer.data();
  const int status = ::pclose(pipe);
  std::filesystem::remove(path);
  if (status == 0 && output == fmt::format("{} valid\n", lines.size())) return "";
  return output.empty() ? "the validator said nothing" : output;
}

// Names of all alerts, as the catalogue of detections has them.
const std::vector<std::string> kNames = {"prompt_attack.user",    "prompt_attack.document",
                                         "prompt_attack.blocked", "ascii_smuggling",
                                         "credential.response",   "malicious_url.tool_output",
                                         "tool.tainted_exec",     "shadow_ai",
                                         "custom.no_leaks",       "newer.than_this"};

TEST(AlertTest, EveryAlertMeetsTheSchema) {
  std::vector<std::string> lines;
  for (const std::string& name : kNames) {
    for (int severity = 0; severity <= 4; ++severity) {
      detect::Finding finding = sample_finding();
      finding.alert = name;
      finding.severity = static_cast<detect::Severity>(severity);
      lines.push_back(make_alert(finding, sample_exchange(), sample_host(), 3).json);
    }
  }
  EXPECT_EQ(schema_problems(lines), "");
}

TEST(AlertTest, WhatIsKnownOfNothingMeetsTheSchemaToo) {
  detect::Finding finding;
  finding.alert = "sensor.health";
  finding.score = std::numeric_limits<double>::quiet_NaN();
  HostFacts host;
  host.agent_id = "a";
  host.hostname = "h";
  EXPECT_EQ(schema_problems({make_alert(finding, {}, host).json}), "");
}

TEST(AlertTest, TheValidatorRefusesWhatIsNoAlert) {
  json alert = json::parse(make_alert(sample_finding(), sample_exchange(), sample_host()).json);
  alert["finding_info"].erase("uid");
  EXPECT_NE(schema_problems({alert.dump()}), "");
}

TEST(AlertTest, HostileStringsStayOneValidLine) {
  detect::Finding finding = sample_finding();
  finding.evidence = "a\nb\"\xff\xc0\x80</script>\xed\xa0\x80" + std::string(1, '\0');
  llm::Exchange exchange = sample_exchange();
  exchange.process.command_line = {"\xfe\xff", std::string(100'000, 'x')};
  exchange.conversation_id = "\x80";
  const Alert alert = make_alert(finding, exchange, sample_host());
  EXPECT_EQ(alert.json.find('\n'), std::string::npos);
  EXPECT_EQ(schema_problems({alert.json}), "");
  EXPECT_LT(alert.json.size(), 16'384U);
}

TEST(AlertTest, UidIsTheSameAgainAndAnotherForAnotherPlace) {
  const auto uid = [](const detect::Finding& finding, const std::string& exchange_id) {
    llm::Exchange exchange = sample_exchange();
    exchange.id = exchange_id;
    return make_alert(finding, exchange, sample_host()).uid;
  };
  const detect::Finding finding = sample_finding();
  const std::string first = uid(finding, "x");
  EXPECT_EQ(first, uid(finding, "x"));
  EXPECT_NE(first, uid(finding, "y"));
  detect::Finding moved = finding;
  ++moved.start;
  EXPECT_NE(first, uid(moved, "x"));
  detect::Finding renamed = finding;
  renamed.alert = "credential.prompt";
  EXPECT_NE(first, uid(renamed, "x"));
}

TEST(AlertTest, AnApplicationIsTheScriptOfAnInterpreter) {
  llm::Exchange exchange;
  exchange.process = {.exe = "/usr/bin/node", .command_line = {"node", "/srv/bot/app.js"}};
  EXPECT_EQ(application_of(exchange), "node app.js");
  exchange.process.exe = "/opt/agent";
  EXPECT_EQ(application_of(exchange), "agent");
  exchange.user.application_name = "Helpdesk";
  EXPECT_EQ(application_of(exchange), "Helpdesk");
}

TEST(AlertTest, FieldsStandWhereReadersLookForThem) {
  const Alert alert = make_alert(sample_finding(), sample_exchange(), sample_host());
  const json parsed = json::parse(alert.json);
  const auto at = [&](const char* pointer) { return parsed.at(json::json_pointer(pointer)); };
  EXPECT_EQ(at("/finding_info/uid"), alert.uid);
  EXPECT_EQ(at("/time"), 1'763'880'000'123);
  EXPECT_EQ(at("/severity_id"), 3);
  EXPECT_EQ(at("/finding_info/types/0"), "credential.response");
  EXPECT_EQ(at("/metadata/version"), "1.8.0");
  EXPECT_EQ(at("/finding_info/attacks/1/version"), std::string(kAtlasVersion));
  EXPECT_EQ(at("/finding_info/attacks/1/technique/name"), "LLM Prompt Injection");
  EXPECT_EQ(at("/finding_info/attacks/1/sub_technique/name"), "Indirect");
  EXPECT_EQ(at("/finding_info/attacks/1/technique/uid"), "AML.T0051");
  EXPECT_EQ(at("/finding_info/attacks/1/sub_technique/uid"), "AML.T0051.001");
  EXPECT_EQ(at("/confidence_score"), 93);
  EXPECT_EQ(at("/actor/process/cmd_line"), "node app.js --api-key [redacted]");
  EXPECT_EQ(at("/actor/process/user/uid"), "1000");
  EXPECT_EQ(at("/actor/process/parent_process/file/path"), "/usr/bin/npm");
  EXPECT_EQ(at("/actor/process/parent_process/parent_process/pid"), 1);
  EXPECT_EQ(at("/container/image/name"), "shop/web:1");
  EXPECT_EQ(at("/ai_model/name"), "gpt-4o-2024-08-06");
  EXPECT_EQ(at("/evidences/0/dst_endpoint/ip"), "2606:4700::1");
  EXPECT_EQ(at("/evidences/0/dst_endpoint/port"), 443);
  EXPECT_EQ(at("/unmapped/sonde/application"), "shop");
  EXPECT_EQ(at("/unmapped/sonde/evidence/start"), 12);
  const json entities = at("/unmapped/sonde/entities");
  const auto has = [&](const char* type, const char* value) {
    return std::find(entities.begin(), entities.end(), json{{"type", type}, {"value", value}}) !=
           entities.end();
  };
  EXPECT_TRUE(has("secret", "fp1234"));
  EXPECT_TRUE(has("process", "agent-1/4711/99"));
  EXPECT_TRUE(has("process_tree", "agent-1/4700"));
  EXPECT_FALSE(has("process_tree", "agent-1/1"));
  EXPECT_TRUE(has("pod", "shop/web-1"));
}

}  // namespace
}  // namespace sonde::alert
