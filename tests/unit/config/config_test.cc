#include "agent/config/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sonde::config {
namespace {

std::string problem_of(const std::string& text) {
  const auto config = parse_config(text, "FILE");
  return config.ok() ? "" : config.error().message;
}

TEST(ConfigTest, NothingGivenMeansDefaults) {
  for (const char* text : {"", "\n# only a comment\n", "collector:\n", "{}"}) {
    const auto config = parse_config(text, "FILE");
    ASSERT_TRUE(config.ok()) << config.error().message;
    EXPECT_EQ(config->spool_directory(), "/var/lib/sonde/spool");
    EXPECT_EQ(config->collector.url, "");
    EXPECT_EQ(config->limits.connections, Limits().connections);
  }
}

TEST(ConfigTest, EveryKindOfValueIsTaken) {
  const auto config = parse_config(
      "state_directory: /s\n"
      "log_level: debug\n"
      "capture:\n"
      "  ring_bytes: 32MiB\n"
      "  allow: {exes: [/usr/bin/node, '/opt/*/bin/python3*'], uids: [0, 1000], ports: [11434]}\n"
      "  deny:\n    uids:\n    - 4294967295\n"
      "detect: {evidence: none, merge_seconds: 60, disabled_alerts: [shadow_ai]}\n"
      "collector: {url: 'https://c:8443', token_file: /t, activity: false}\n"
      "spool: {directory: /spool, max_bytes: 1GiB}\n"
      "sinks: {stdout: true, file: {path: /a.jsonl, files: 2}}\n"
      "limits: {connection_idle_seconds: 30, json_depth: 64}\n",
      "FILE");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->capture.ring_bytes, 32U << 20);
  EXPECT_EQ(config->capture.allow.exes.at(1), "/opt/*/bin/python3*");
  EXPECT_EQ(config->capture.allow.ports, std::vector<uint32_t>{11434});
  EXPECT_EQ(config->capture.deny.uids, std::vector<uint32_t>{4294967295U});
  EXPECT_EQ(config->detect.evidence, Evidence::kNone);
  EXPECT_EQ(config->detect.merge_window.count(), 60);
  EXPECT_FALSE(config->collector.activity);
  EXPECT_EQ(config->spool_directory(), "/spool");
  EXPECT_EQ(config->spool.max_bytes, uint64_t{1} << 30);
  EXPECT_TRUE(config->sinks.standard_output);
  EXPECT_EQ(config->sinks.file.files, 2U);
  EXPECT_EQ(config->limits.connection_idle.count(), 30);
}

TEST(ConfigTest, ErrorsNameFileLineColumnAndTheKnownKeys) {
  EXPECT_EQ(problem_of("collector:\n  uri: x\n"),
            "FILE:2:3: unknown key 'uri' in 'collector'; did you mean 'url'? known: url, ca, cert, "
            "key, token_file, "
            "activity, heartbeat_seconds, policy_key");
  EXPECT_EQ(problem_of("\nlog: x\n").substr(0, 46),
            "FILE:2:1: unknown key 'log' in the file; known");
  EXPECT_EQ(problem_of("sinks:\n  file: /x\n"), "FILE:2:9: 'sinks.file' must be a mapping");
  EXPECT_EQ(problem_of("limits:\n  connections: many\n"),
            "FILE:2:16: 'limits.connections' must be an integer from 16 to 4194304");
  EXPECT_EQ(problem_of("log_level: loud"),
            "FILE:1:12: 'log_level' must be one of debug|info|warn|error");
  EXPECT_EQ(problem_of("sinks: {stdout: yes}"), "FILE:1:17: 'sinks.stdout' must be true or false");
  EXPECT_EQ(problem_of("capture: {allow: {uids: 7}}"),
            "FILE:1:25: 'capture.allow.uids' must be a list");
  EXPECT_EQ(problem_of("capture: {allow: {ports: [0]}}"),
            "FILE:1:27: 'capture.allow.ports' must be an integer from 1 to 65535");
  EXPECT_EQ(problem_of("spool: {max_bytes: 1}\nspool: {}"),
            "FILE:1:20: 'spool.max_bytes' must be "
            "an integer from 1MiB to 1024GiB\nFILE:2:1: key 'spool' stands twice");
  EXPECT_EQ(problem_of("state_directory: [a]"),
            "FILE:1:18: 'state_directory' must be a plain value");
  EXPECT_EQ(problem_of("a: [\n").substr(0, 7), "FILE:2:");
  EXPECT_EQ(problem_of("spool.max_bytes: 2MiB").substr(0, 35),
            "FILE:1:1: unknown key 'spool.max_by");
  EXPECT_EQ(problem_of("\"a\\e[2Jb\": 1").substr(0, 30), "FILE:1:1: unknown key 'a?[2Jb'");
  EXPECT_EQ(problem_of("{}\n---\n{}"), "FILE: the file holds more than one document");
}

TEST(ConfigTest, RemoteJudgesAreReadStrictly) {
  EXPECT_TRUE(Config().detect.judges.empty());
  const auto config = parse_config(
      "detect:\n  judges:\n"
      "  - {name: azure, type: prompt_shields, url: 'https://x.example', secret_file: /s,\n"
      "     zones: [tool], min_score: 0.1, max_score: 1, requests_per_day: 7}\n"
      "  - name: guard\n    type: openai\n    url: http://127.0.0.1:8000/v1\n    model: m\n"
      "    redact: false\n    categories: [S14]\n    parameters: '{\"max_tokens\":null}'\n",
      "FILE");
  ASSERT_TRUE(config.ok()) << config.error().message;
  const auto& judges = config->detect.judges;
  ASSERT_EQ(judges.size(), 2U);
  EXPECT_EQ(judges[0].zones, std::vector<std::string>{"tool"});
  EXPECT_EQ(judges[0].min_score, 0.1);
  EXPECT_EQ(judges[0].requests_per_day, 7U);
  EXPECT_TRUE(judges[0].redact);
  EXPECT_FALSE(judges[1].redact);
  EXPECT_EQ(judges[1].zones, (std::vector<std::string>{"user", "tool"}));

  const auto problem = [](const std::string& judge) {
    return problem_of("detect: {judges: [" + judge + "]}");
  };
  const std::string good = "name: a, type: openai, url: 'https://x', model: m";
  EXPECT_EQ(problem("{" + good + "}"), "");
  EXPECT_EQ(problem("{" + good + ", min_score: 1.5}"),
            "FILE:1:82: 'min_score' must be a number from 0 to 1");
  EXPECT_NE(problem("{" + good + ", min_score: nan}"), "");
  EXPECT_NE(problem("{" + good + ", zones: [system]}").find("'zones' must be one of user|tool"),
            std::string::npos);
  EXPECT_NE(problem("{" + good + ", colour: red}").find("unknown key 'colour' in 'detect.judges'"),
            std::string::npos);
  EXPECT_NE(problem("{" + good + "}, {" + good + "}").find("a judge 'a' already"),
            std::string::npos);
  const std::map<std::string, std::string> cases = {
      {"{name: a, type: openai, url: 'http://x', model: m}", "must be https"},
      {"{name: a, type: openai, url: 'https://x'}", "needs model"},
      {"{name: a, type: prompt_shields, url: 'https://x'}", "needs secret_file"},
      {"{name: a, type: prompt_shields, url: 'https://x', secret_file: /s, characters: 20000}",
       "takes 10000 characters"},
      {"{name: A b, type: openai, url: 'https://x', model: m}", "needs a name"},
      {"{" + good + ", min_score: 0.6, max_score: 0.5}", "min_score is above"},
      {"{" + good + ", parameters: '[1]'}", "must be a JSON object"},
      {"{" + good + ", zones: []}", "must name user"},
  };
  for (const auto& [judge, wrong] : cases) {
    EXPECT_NE(problem(judge).find(wrong), std::string::npos) << judge << problem(judge);
  }
}

TEST(ConfigTest, IntegersDoNotOverflow) {
  EXPECT_NE(problem_of("spool: {max_bytes: 99999999999999999999}"), "");
  EXPECT_NE(problem_of("spool: {max_bytes: 18446744073709551615GiB}"), "");
  EXPECT_NE(problem_of("spool: {max_bytes: -1}"), "");
  EXPECT_NE(problem_of("capture: {allow: {uids: [4294967296]}}"), "");
}

TEST(ConfigTest, KeysThatContradictEachOtherAreRefused) {
  const std::map<std::string, std::string> cases = {
      {"collector: {cert: /c}", "belong together"},
      {"collector: {url: 'http://x', token_file: /t}", "https://"},
      {"collector: {url: 'https://x'}", "needs"},
      {"capture: {ring_bytes: 3MiB}", "power of two"},
      {"state_directory: here", "absolute"},
      {"metrics: {listen: 9464}", "ADDRESS:PORT"},
      {"metrics: {listen: ':9464'}", "ADDRESS:PORT"},
      {"metrics: {listen: '127.0.0.1:'}", "ADDRESS:PORT"},
      {"metrics: {listen: '127.0.0.1:65536'}", "ADDRESS:PORT"},
      {"metrics: {listen: 'host:x'}", "ADDRESS:PORT"},
  };
  for (const auto& [text, part] : cases) {
    EXPECT_NE(problem_of(text).find(part), std::string::npos) << text << ": " << problem_of(text);
  }
  EXPECT_EQ(problem_of("metrics: {listen: '[::1]:9464'}"), "");
}

TEST(ConfigTest, DepthOfAHostileFileIsBounded) {
  EXPECT_NE(problem_of("collector: " + std::string(100'000, '[')), "");
  EXPECT_NE(problem_of(std::string(2 << 20, '#')), "");
}

class ConfigFileTest : public ::testing::Test {
 protected:
  ConfigFileTest() {
    std::string path = (std::filesystem::temp_directory_path() / "sonde-config.XXXXXX").string();
    directory_ = ::mkdtemp(path.data());
  }
  ~ConfigFileTest() override { std::filesystem::remove_all(directory_); }
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  static Result<Config> load(const std::string& path,
                             const std::map<std::string, std::string>& set = {}) {
    return load_config(path, [&](const std::string& name) {
      const auto found = set.find(name);
      return found == set.end() ? std::nullopt : std::optional(found->second);
    });
  }
  std::string directory_;
};

TEST_F(ConfigFileTest, VariablesOverrideTheFile) {
  const std::string path = write("a.yaml", "log_level: warn\ncapture: {allow: {uids: [1]}}\n");
  const auto config = load(path, {{"SONDE_LOG_LEVEL", "error"},
                                  {"SONDE_CAPTURE_ALLOW_UIDS", "5,6"},
                                  {"SONDE_CAPTURE_DENY_EXES", ""},
                                  {"SONDE_SPOOL_MAX_BYTES", "2MiB"}});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->log_level, "error");
  EXPECT_EQ(config->capture.allow.uids, (std::vector<uint32_t>{5, 6}));
  EXPECT_EQ(config->spool.max_bytes, 2U << 20);
  EXPECT_EQ(
      load(path, {{"SONDE_LOG_LEVEL", "x"}}).error().message,
      "environment variable SONDE_LOG_LEVEL: 'log_level' must be one of debug|info|warn|error");
}

TEST_F(ConfigFileTest, AVariableOneLetterBesideAKeyIsASlip) {
  const auto problem = [&](const std::string& variable) {
    const auto effective = load_effective(
        {write("a.yaml", ""), [](const auto&) { return std::nullopt; }, {}, {variable}});
    return effective.ok() ? "" : effective.error().message;
  };
  EXPECT_EQ(problem("SONDE_LOG_LEVL"),
            "environment variable SONDE_LOG_LEVL: unknown; did you mean SONDE_LOG_LEVEL?");
  EXPECT_NE(problem("SONDE_COLLECTOR_ULR"), "");
  // Kubernetes' own for a service 'sonde-collector', the collector's, and anybody else's.
  for (const char* other : {"SONDE_COLLECTOR_PORT", "SONDE_COLLECTOR_SERVICE_PORT",
                            "SONDE_COLLECTOR_LISTEN", "SONDE_LOG_LEVEL", "SONDE_BINARY", "PATH"}) {
    EXPECT_EQ(problem(other), "") << other;
  }
}

TEST_F(ConfigFileTest, EachLayerIsStrongerThanTheOneBeforeAndLeavesItsName) {
  const std::string path = write("sonde.yaml",
                                 "log_level: warn\nagent_id: file\nspool: {max_bytes: 2MiB}\n"
                                 "capture: {allow: {uids: [1, 2]}, ring_bytes: 1MiB}\n");
  std::filesystem::create_directory(directory_ + "/conf.d");
  write("conf.d/20-b.yaml", "agent_id: second\ncapture:\n  allow:\n    uids: [3]\n");
  write("conf.d/10-a.yaml", "agent_id: first\n");
  write("conf.d/30-c.yaml.bak", "unknown: true\n");
  const Layers layers{path,
                      [](const std::string& name) -> std::optional<std::string> {
                        if (name == "SONDE_SPOOL_MAX_BYTES") return "3MiB";
                        if (name == "SONDE_LOG_LEVEL") return "error";
                        return std::nullopt;
                      },
                      {"log_level=debug", "capture.deny.ports=1,2"}};
  const auto effective = load_effective(layers);
  ASSERT_TRUE(effective.ok()) << effective.error().message;
  EXPECT_EQ(effective->config.agent_id, "second");
  const std::string expected = "agent_id: \"second\"  # " + directory_ + "/conf.d/20-b.yaml:1\n" +
                               "log_level: \"debug\"  # --set\n\ncapture:\n  ring_bytes: 1MiB  # " +
                               path + ":4\n  allow:\n    uids: [3]  # " + directory_ +
                               "/conf.d/20-b.yaml:4\n" +
                               "  deny:\n    ports: [1, 2]  # --set\n\nspool:\n"
                               "  max_bytes: 3MiB  # environment variable SONDE_SPOOL_MAX_BYTES\n";
  EXPECT_EQ(document_of(effective->settings, false), expected);
}

TEST_F(ConfigFileTest, TheEffectiveConfigurationIsAFileThatMeansTheSame) {
  const auto effective = load_effective({write("a.yaml", "sinks: {stdout: true}\n"), {}, {}});
  ASSERT_TRUE(effective.ok()) << effective.error().message;
  const std::string all = document_of(effective->settings, true);
  const auto again = load_effective({write("b.yaml", all), {}, {}});
  ASSERT_TRUE(again.ok()) << again.error().message;
  ASSERT_EQ(again->settings.size(), effective->settings.size());
  for (size_t i = 0; i < again->settings.size(); ++i) {
    EXPECT_EQ(again->settings[i].key, effective->settings[i].key);
    EXPECT_EQ(again->settings[i].value, effective->settings[i].value);
  }
}

TEST_F(ConfigFileTest, WhatIsShownOfTargetsIsWholeAndHoldsNoPassword) {
  const auto effective = load_effective(
      {write("a.yaml",
             "detect: {canary_tokens: [planted-word]}\n"
             "taxii: {collections: ['https://me:pass@t.example:8443/root/secret/?key=secret']}\n"
             "sinks:\n  targets:\n"
             "    - {name: hook, type: webhook, url: 'https://hooks.example/T0/secret', "
             "min_severity: high, max_bytes: 2097152}\n"
             "    - {name: lake, type: kafka, brokers: 'k:9093', topic: t, "
             "properties: {sasl.password: secret}}\n"),
       {},
       {}});
  ASSERT_TRUE(effective.ok()) << effective.error().message;
  const std::string here = document_of(effective->settings, false);
  for (const char* part : {"min_severity: high", "max_bytes: 2097152", "hooks.example/T0/secret"}) {
    EXPECT_NE(here.find(part), std::string::npos) << part << "\nin: " << here;
  }
  EXPECT_EQ(here.find("sasl.password: secret"), std::string::npos);
  const std::string elsewhere = document_of(without_secrets(effective->settings), false);
  for (const char* part : {"\"https://t.example:8443/...\"", "\"https://hooks.example/...\"",
                           "min_severity: high", "canary_tokens: not shown"}) {
    EXPECT_NE(elsewhere.find(part), std::string::npos) << part << "\nin: " << elsewhere;
  }
  for (const char* part : {"secret", "pass@", "planted-word"}) {
    EXPECT_EQ(elsewhere.find(part), std::string::npos) << part << "\nin: " << elsewhere;
  }
}

TEST_F(ConfigFileTest, ProblemsOfEveryLayerAreToldAtOnce) {
  const std::string path = write("sonde.yaml", "a: 1\n");
  std::filesystem::create_directory(directory_ + "/conf.d");
  write("conf.d/x.yaml", "b: 1\n");
  const auto effective = load_effective({path, {}, {"log_level", "c=1", "spool.max_bytes=1"}});
  ASSERT_FALSE(effective.ok());
  const std::string& message = effective.error().message;
  for (const std::string& part :
       {path + ":1:1: unknown key 'a'", directory_ + "/conf.d/x.yaml:1:1: unknown key 'b'",
        std::string("--set log_level: must be KEY=VALUE"), std::string("--set c=1: must be"),
        std::string("--set: 'spool.max_bytes' must be an integer from 1MiB")}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << "\nin: " << message;
  }
}

TEST_F(ConfigFileTest, AFileThatOthersCanWriteIsRefused) {
  EXPECT_TRUE(load(write("a.yaml", "", 0644)).ok());
  const auto config = load(write("b.yaml", "", 0664));
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().message.find("chmod go-w"), std::string::npos);
  EXPECT_FALSE(load(directory_ + "/missing.yaml").ok());
}

TEST_F(ConfigFileTest, AKeyOrTokenThatOthersCanReadIsRefused) {
  const auto with_token = [&](const std::string& token) {
    return load(write("a.yaml", "collector: {url: 'https://c', token_file: " + token + "}"));
  };
  EXPECT_TRUE(with_token(write("good", "t", 0600)).ok());
  EXPECT_TRUE(with_token(write("group", "t", 0640)).ok());
  EXPECT_FALSE(with_token(write("bad", "t", 0644)).ok());
  EXPECT_FALSE(with_token(directory_ + "/missing").ok());
}

// UPDATE_GOLDEN=1 writes the file anew.
TEST(ConfigExampleTest, ThePackagedFileExplainsEveryKeyAndChangesNothing) {
  const std::string path = SONDE_SOURCE_DIR "/packaging/sonde.yaml";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << example_config();
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, example_config());
  EXPECT_EQ(problem_of(text), "");
}

}  // namespace
}  // namespace sonde::config
