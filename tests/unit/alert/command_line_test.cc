#include "agent/alert/command_line.h"

#include <vector>

#include <gtest/gtest.h>

namespace sonde::alert {
namespace {

std::string redacted(std::vector<std::string> arguments) { return redact_command_line(arguments); }

TEST(CommandLineTest, OrdinaryArgumentsStayAsTheyAre) {
  EXPECT_EQ(redacted({"/usr/bin/python3", "-m", "http.server", "--port=8080", "./my file"}),
            "/usr/bin/python3 -m http.server --port=8080 './my file'");
  EXPECT_EQ(redacted({"vllm", "--max-tokens", "4096", "--tokenizer", "mistral-7b-instruct-v0.3"}),
            "vllm --max-tokens 4096 --tokenizer mistral-7b-instruct-v0.3");
  EXPECT_EQ(redacted({"node", "/srv/app/node_modules/@scope/very-long-package-name-2024/index.js"}),
            "node /srv/app/node_modules/@scope/very-long-package-name-2024/index.js");
}

TEST(CommandLineTest, ValuesOfSecretOptionsAreMasked) {
  EXPECT_EQ(redacted({"x", "--password", "hunter2"}), "x --password [redacted]");
  EXPECT_EQ(redacted({"x", "--db-password=hunter2"}), "x --db-password=[redacted]");
  EXPECT_EQ(redacted({"x", "--openai-api-key", "abc"}), "x --openai-api-key [redacted]");
  EXPECT_EQ(redacted({"env", "MYSQL_PWD=a", "AWS_SECRET_ACCESS_KEY=b", "HOME=/r", "cmd"}),
            "env MYSQL_PWD=[redacted] AWS_SECRET_ACCESS_KEY=[redacted] HOME=/r cmd");
  EXPECT_EQ(redacted({"curl", "-u", "me:pw", "http://a/"}), "curl -u me:[redacted] http://a/");
  EXPECT_EQ(redacted({"mysql", "-psecret", "db"}), "mysql -p[redacted] db");
  EXPECT_EQ(redacted({"/usr/bin/sshpass", "-p", "pw", "ssh"}),
            "/usr/bin/sshpass -p [redacted] ssh");
}

TEST(CommandLineTest, HeadersUrlsAndJsonAreMasked) {
  EXPECT_EQ(redacted({"curl", "-H", "Authorization: Bearer abc def"}),
            "curl -H 'Authorization: [redacted]'");
  EXPECT_EQ(redacted({"curl", "-H", "x-api-key: abc"}), "curl -H 'x-api-key: [redacted]'");
  EXPECT_EQ(redacted({"curl", "https://h/v1?api_key=abc&q=1"}),
            "curl https://h/v1?api_key=[redacted]&q=1");
  EXPECT_EQ(redacted({"psql", "postgres://me:pw@db/x"}), "psql postgres://[redacted]@db/x");
  EXPECT_EQ(redacted({"x", R"({"password": "abc", "a": 1})"}),
            R"(x '{"password": "[redacted]", "a": 1}')");
}

TEST(CommandLineTest, WordsThatLookLikeKeysAreMaskedWhereverTheyStand) {
  const std::string key = std::string("sk-") + "proj-0123456789abcdefABCDEF";
  EXPECT_EQ(redacted({"python3", "-c", "client('" + key + "')"}),
            "python3 -c 'client('\\''[redacted]'\\'')'");
  EXPECT_EQ(redacted({"x", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}),
            "x [redacted]");
}

TEST(CommandLineTest, LengthIsBoundedAtACodePoint) {
  std::vector<std::string> arguments = {"x"};
  for (int i = 0; i < 3000; ++i) arguments.push_back("\u00e9");
  const std::string line = redact_command_line(arguments);
  EXPECT_LE(line.size(), kCommandLineBytes);
  EXPECT_GT(line.size(), kCommandLineBytes - 4);
  EXPECT_NE(static_cast<unsigned char>(line.back()), 0xc3);
}

}  // namespace
}  // namespace sonde::alert
