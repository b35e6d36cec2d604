#include "agent/detect/application.h"

#include <gtest/gtest.h>

namespace sonde::detect {
namespace {

std::string script(std::vector<std::string> words, std::string exe = "/usr/bin/node") {
  return std::string(script_of({.exe = std::move(exe), .command_line = std::move(words)}));
}

TEST(ApplicationTest, AnInterpreterIsWhatItRuns) {
  EXPECT_EQ(script({"node", "--max-old-space-size=99", "app.js", "other.js"}), "app.js");
  EXPECT_EQ(script({"python3", "-u", "-m", "uvicorn", "app:app"}, "/usr/bin/python3.11"),
            "uvicorn");
  EXPECT_EQ(script({"java", "-Xmx1g", "-jar", "/srv/bot.jar"}, "/usr/lib/jvm/bin/java"),
            "/srv/bot.jar");
  EXPECT_EQ(script({"bun", "run", "index.ts"}, "/opt/bun"), "index.ts");
}

TEST(ApplicationTest, OtherProgramsAndBareInterpretersRunNothing) {
  EXPECT_EQ(script({"curl", "https://example.com"}, "/usr/bin/curl"), "");
  EXPECT_EQ(script({"pythonista", "app"}, "/opt/pythonista"), "");
  EXPECT_EQ(script({"node"}), "");
  EXPECT_EQ(script({"python3", "-m"}, "/usr/bin/python3"), "");
  EXPECT_EQ(script({}), "");
}

TEST(ApplicationTest, TwoScriptsAreTwoApplicationsWhateverTheirPids) {
  llm::Exchange exchange;
  EXPECT_EQ(application_key(exchange), "");
  exchange.process = {.pid = 1, .exe = "/usr/bin/node", .command_line = {"node", "a.js"}};
  const std::string first = application_key(exchange);
  exchange.process.pid = 2;
  EXPECT_EQ(application_key(exchange), first);
  exchange.process.command_line[1] = "b.js";
  EXPECT_NE(application_key(exchange), first);
}

}  // namespace
}  // namespace sonde::detect
