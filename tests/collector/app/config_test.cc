#include "collector/app/config.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "collector/app/config_check.h"

namespace sonde::collector {
namespace {

Result<Config> load(const std::string& text, const std::map<std::string, std::string>& vars = {}) {
  std::string path = (std::filesystem::temp_directory_path() / "sonde-config.XXXXXX").string();
  ::close(::mkstemp(path.data()));
  std::ofstream(path) << text;
  auto config = load_config(path, [&vars](const std::string& name) {
    const auto found = vars.find(name);
    return found == vars.end() ? std::nullopt : std::optional(found->second);
  });
  std::filesystem::remove(path);
  if (!config.ok()) {
    // The name of the temporary file varies.
    std::string message = config.error().message;
    if (const size_t at = message.find(path); at != std::string::npos) {
      message.replace(at, path.size(), "FILE");
    }
    return fail(message);
  }
  return config;
}

std::string problem_of(const std::string& text) {
  const auto config = load(text);
  return config.ok() ? "" : config.error().message;
}

TEST(ConfigTest, NothingGivenMeansDefaults) {
  const auto config = load("");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->listen, "127.0.0.1:8443");
  EXPECT_EQ(config->store(), "sqlite:/var/lib/sonde-collector/collector.db");
}

TEST(ConfigTest, KeysAndVariablesAreTaken) {
  const auto config =
      load("listen: 0.0.0.0:9\nstore:\n  url: postgresql:///x\nretention:\n",
           {{"SONDE_COLLECTOR_STORE_CONNECTIONS", "3"}, {"SONDE_COLLECTOR_LISTEN", "127.0.0.1:1"}});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->listen, "127.0.0.1:1");
  EXPECT_EQ(config->store(), "postgresql:///x");
  EXPECT_EQ(config->store_connections, 3);
}

TEST(ConfigTest, ErrorsNameFileLineColumnAndKey) {
  EXPECT_EQ(problem_of("store:\n  uri: x\n"),
            "FILE:2:3: unknown key 'uri' in 'store'; known: url, connections");
  EXPECT_EQ(problem_of("lisen: x\n").substr(0, 31), "FILE:1:1: unknown key 'lisen'; ");
  EXPECT_EQ(problem_of("limits:\n  connections: many\n"),
            "FILE:2:16: 'limits.connections' must be an integer from 16 to 1000000");
  EXPECT_EQ(problem_of("listen: a\nlisten: b\n"), "FILE:2:1: key 'listen' stands twice");
  EXPECT_EQ(problem_of("- a\n"), "FILE:1:1: 'file' must be a mapping");
  EXPECT_EQ(problem_of("store: x\n"), "FILE:1:8: 'store' must be a mapping");
  EXPECT_EQ(problem_of("listen: [a]\n"), "FILE:1:9: 'listen' must be a plain value");
  EXPECT_EQ(problem_of("a: [\n").substr(0, 5), "FILE:");
  EXPECT_EQ(problem_of("tls:\n  key: /k\n"),
            "FILE: tls.certificate and tls.key belong together: set both or none");
  EXPECT_NE(problem_of("store:\n  url: mysql://x\n"), "");
  EXPECT_NE(problem_of("metrics:\n  open_on_loopback: maybe\n"), "");
}

TEST(ConfigTest, TheExampleIsReadableAndHoldsTheDefaults) {
  const auto config = load(example_config());
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->limit_connections, Config().limit_connections);
  EXPECT_EQ(config->listen, Config().listen);
}

TEST(ConfigTest, ExportsAreAListOfTargets) {
  const auto config = load(
      "exports:\n"
      "  - {name: siem, type: syslog, url: 'tls://siem:6514', min_severity: high}\n"
      "  - name: lake\n"
      "    type: kafka\n"
      "    brokers: a:9092\n"
      "    topic: sonde\n"
      "    incidents: false\n"
      "    properties: {sasl.username: u}\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  ASSERT_EQ(config->exports.size(), 2U);
  EXPECT_EQ(config->exports[0].min_severity, store::Severity::kHigh);
  EXPECT_FALSE(config->exports[1].incidents);
  EXPECT_EQ(config->exports[1].target.properties.at("sasl.username"), "u");
}

TEST(ConfigTest, AWrongExportIsNamedWithItsPlace) {
  EXPECT_EQ(problem_of("exports: 7\n"), "FILE:1:10: 'exports' must be a list");
  EXPECT_EQ(
      problem_of("exports:\n  - {name: a, type: webhook, url: u, colour: red}\n").substr(0, 44),
      "FILE:2:38: unknown key 'colour' in 'exports'");
  EXPECT_EQ(problem_of("exports:\n  - {name: a, type: smoke, url: u}\n"),
            "FILE:2:5: type must be webhook, syslog, kafka or otlp");
  EXPECT_EQ(problem_of("exports:\n  - {name: a, type: kafka}\n"),
            "FILE:2:5: kafka needs brokers and topic");
  EXPECT_EQ(problem_of("exports:\n  - {name: a, type: otlp, url: u}\n"
                       "  - {name: a, type: otlp, url: u}\n"),
            "FILE:3:5: there is an export 'a' already");
}

TEST(ConfigTest, AnIdentityProviderNeedsItsOtherHalf) {
  EXPECT_EQ(problem_of("oidc: {issuer: 'https://x'}\n"),
            "FILE: oidc.issuer needs oidc.client_id and oidc.redirect_url");
}

TEST(ConfigTest, EverythingThatIsWrongIsToldAtOnce) {
  const std::string both = problem_of("listne: a\nstore: {conections: 1}\n");
  EXPECT_NE(both.find("FILE:1:1: unknown key 'listne'"), std::string::npos) << both;
  EXPECT_NE(both.find("unknown key 'conections' in 'store'"), std::string::npos) << both;
}

TEST(ConfigCheckTest, WhatTheDaemonWouldRefuseIsToldBefore) {
  const auto problem = [](const std::function<void(Config&)>& change) {
    Config config;
    change(config);
    const Status good = check_config("", config);
    return good.ok() ? std::string() : good.error().message;
  };
  EXPECT_EQ(problem([](Config&) {}), "");
  EXPECT_EQ(problem([](Config& c) { c.listen = "[::1]:8443"; }), "");
  EXPECT_EQ(problem([](Config& c) { c.listen = "1.2.3.4"; }),
            "listen: '1.2.3.4' is not ADDRESS:PORT");
  EXPECT_EQ(problem([](Config& c) { c.listen = "host:8443"; }), "listen: 'host' is no IP address");
  EXPECT_NE(problem([](Config& c) { c.oidc_client_secret_file = "/nowhere"; }), "");
  const auto with_export = [&](const std::string& text) {
    const auto config = load("exports:\n  - " + text + "\n");
    EXPECT_TRUE(config.ok()) << config.error().message;
    const Status good = config.ok() ? check_config("", *config) : Status();
    return good.ok() ? std::string() : good.error().message;
  };
  EXPECT_NE(with_export("{name: s, type: syslog, url: 'http://siem:514'}").find(":2:5: export 's'"),
            std::string::npos);
  EXPECT_NE(with_export("{name: k, type: kafka, brokers: a:9092, topic: t, "
                        "properties: {no.such.property: x}}")
                .find("no.such.property"),
            std::string::npos);
  EXPECT_NE(with_export("{name: w, type: webhook, url: 'https://x/', secret_file: /nowhere}"), "");
}

TEST(ConfigCheckTest, WhatOthersCanChangeOrReadIsRefused) {
  std::string path = (std::filesystem::temp_directory_path() / "sonde-secret.XXXXXX").string();
  ::close(::mkstemp(path.data()));
  Config config;
  config.oidc_client_secret_file = path;
  EXPECT_TRUE(check_config(path, config).ok()) << "mode 0600";
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  EXPECT_TRUE(check_config(path, config).ok()) << "a group may read it";
  for (const unsigned mode : {0644U, 0660U, 0602U}) {
    std::filesystem::permissions(path, std::filesystem::perms(mode));
    EXPECT_FALSE(check_config("", config).ok()) << mode;
  }
  std::filesystem::permissions(path, std::filesystem::perms(0666));
  EXPECT_FALSE(check_config(path, Config()).ok()) << "a configuration that others can write";
  std::filesystem::remove(path);
}

TEST(ConfigCheckTest, AMisspeltVariableIsNamed) {
  EXPECT_EQ(unknown_variables({"PATH", "SONDE_COLLECTOR_LISTEN", "SONDE_COLLECTOR_STORE_ULR",
                               "SONDE_COLLECTOR_PORT_8443_TCP", "SONDE_COLLECTOR_SERVICE_HOST",
                               "SONDE_COLLECTOR_URL"}),
            std::vector<std::string>{"SONDE_COLLECTOR_STORE_ULR"});
}

TEST(ConfigTest, AFileThatIsNotThereIsAnError) {
  EXPECT_FALSE(load_config("/nowhere.yaml", [](const auto&) { return std::nullopt; }).ok());
}

}  // namespace
}  // namespace sonde::collector
