// What is usual survives a restart, and a damaged file does no harm.
#include "agent/detect/baselines.h"
#include "tests/unit/detect/engine_fixture.h"

namespace sonde::detect {
namespace {

using llm::Zone;
using ::testing::Contains;
using ::testing::Not;
using namespace std::chrono_literals;

// Not the first hour of 1970: an hour must be over before it counts.
constexpr WallTime kMonday(std::chrono::hours(24 * 4));

class BaselinesFileTest : public EngineFixture {
 protected:
  static llm::Exchange by(std::string exe, std::string prompt, WallTime when) {
    llm::Exchange exchange = text(Zone::kUser, std::move(prompt));
    exchange.process = {.pid = 100, .start_time_ns = 1, .exe = std::move(exe)};
    exchange.provider = "openai";
    exchange.request_model = "gpt-5";
    exchange.start_time = when;
    return exchange;
  }

  static llm::Exchange uses(uint64_t tokens, WallTime when) {
    llm::Exchange exchange = by("/usr/bin/app", "hello", when);
    exchange.input_tokens = tokens;
    return exchange;
  }

  static llm::Exchange calls(const std::string& tool, const std::string& arguments) {
    llm::Exchange exchange = call(tool, arguments);
    exchange.process = {.pid = 100, .start_time_ns = 1, .exe = "/usr/bin/app"};
    exchange.start_time = kMonday;
    return exchange;
  }

  static llm::Exchange answers(const std::string& words, WallTime when) {
    llm::Exchange exchange = by("/usr/bin/app", "question", when);
    exchange.output = text(Zone::kAssistant, words).output;
    return exchange;
  }

  // The agent stops and starts.
  void restart() {
    const std::string file = engine_->baselines().serialise();
    make_engine({});
    const Status restored = engine_->baselines().restore(file);
    ASSERT_TRUE(restored.ok()) << restored.error().message;
  }
};

TEST_F(BaselinesFileTest, VolumeIsJudgedByThePastAcrossARestart) {
  for (int hour = 0; hour < 60; ++hour) alerts(uses(100'000, kMonday + hour * 1h));
  restart();
  EXPECT_THAT(alerts(uses(5'000'000, kMonday + 60h)), Contains("wallet.volume_anomaly"));
  restart();
  EXPECT_THAT(alerts(uses(5'000'000, kMonday + 60h + 5min)), Not(Contains("wallet.volume_anomaly")))
      << "told in this hour already";
}

TEST_F(BaselinesFileTest, AnHourOfTheWeekHasItsOwnUsual) {
  // Each Monday at nine a report eats ten times of what other hours do.
  const auto report = [](int hour) { return hour % 168 == 9; };
  for (int hour = 0; hour < 4 * 168; ++hour) {
    const auto names = alerts(uses(report(hour) ? 3'000'000 : 300'000, kMonday + hour * 1h));
    if (hour > 3 * 168) {
      EXPECT_THAT(names, Not(Contains("wallet.volume_anomaly"))) << "hour " << hour;
    }
  }
  EXPECT_THAT(alerts(uses(3'000'000, kMonday + (4 * 168 + 9) * 1h)),
              Not(Contains("wallet.volume_anomaly")));
  EXPECT_THAT(alerts(uses(3'000'000, kMonday + (4 * 168 + 33) * 1h)),
              Contains("wallet.volume_anomaly"))
      << "the same on a Tuesday";
}

TEST_F(BaselinesFileTest, ToolsAndTheirArgumentsAreKnownAfterARestart) {
  for (int i = 0; i < 301; ++i) alerts(calls("search", R"({"query": "a", "page": {"from": 1}})"));
  restart();
  EXPECT_THAT(alerts(calls("search", R"({"query": "\"x\": 1"})")),
              Not(Contains("tool.anomalous_call")));
  EXPECT_THAT(alerts(calls("search", R"({"query": "a", "callback": "http://x.example"})")),
              Contains("tool.anomalous_call"));
  EXPECT_THAT(alerts(calls("search", R"({"query": "a", "callback": "http://x.example"})")),
              Not(Contains("tool.anomalous_call")));
  EXPECT_THAT(alerts(calls("delete_account", "{}")), Contains("tool.anomalous_call"));
}

TEST_F(BaselinesFileTest, ATypeOfDataThatNoAnswerEverHeldIsFound) {
  const std::string iban = "The account is DE89370400440532013000.";
  for (int i = 0; i < 250; ++i) {
    EXPECT_THAT(alerts(answers("Nothing of note.", kMonday + i * 10min)),
                Not(Contains("sensitive_data.anomaly")));
  }
  restart();
  EXPECT_THAT(alerts(answers(iban, kMonday + 50h)), Contains("sensitive_data.anomaly"));
  EXPECT_THAT(alerts(answers(iban, kMonday + 51h)), Not(Contains("sensitive_data.anomaly")));
}

TEST_F(BaselinesFileTest, AnApplicationThatAlwaysAnswersWithSuchDataIsNormal) {
  for (int i = 0; i < 300; ++i) {
    EXPECT_THAT(alerts(answers("The account is DE89370400440532013000.", kMonday + i * 10min)),
                Not(Contains("sensitive_data.anomaly")));
  }
}

TEST_F(BaselinesFileTest, PrincipalsAndKeysAreKnownAfterARestart) {
  for (int i = 0; i < 250; ++i) {
    llm::Exchange exchange = by("/usr/bin/app", "hello", kMonday + i * 1h);
    exchange.key_fingerprint = "aabbccddeeff";
    alerts(exchange);
  }
  restart();
  llm::Exchange other = by("/tmp/other", "hello", kMonday + 251h);
  other.key_fingerprint = "aabbccddeeff";
  const auto names = alerts(other);
  EXPECT_THAT(names, Contains("access.anomaly"));
  EXPECT_THAT(names, Contains("access.key_reuse"));
  EXPECT_THAT(alerts(by("/usr/bin/app", "hello", kMonday + 252h)), Not(Contains("access.anomaly")));
}

TEST_F(BaselinesFileTest, ADamagedFileIsRefusedWhole) {
  alerts(uses(100'000, kMonday));
  const std::string file = engine_->baselines().serialise();
  Baselines& baselines = engine_->baselines();
  for (size_t i = 0; i < file.size(); i += 7) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x11);
    EXPECT_FALSE(baselines.restore(damaged).ok()) << "byte " << i;
    EXPECT_FALSE(baselines.restore(file.substr(0, i)).ok()) << "cut at " << i;
  }
  EXPECT_EQ(baselines.applications.size(), 1u) << "what was known is kept";
  EXPECT_EQ(baselines.serialise(), file);
}

TEST_F(BaselinesFileTest, AnotherVersionIsNotRead) {
  std::string file = engine_->baselines().serialise();
  file.replace(file.find("\"version\":1"), 11, "\"version\":2");
  const Status restored = engine_->baselines().restore(file);
  ASSERT_FALSE(restored.ok());
  EXPECT_NE(restored.error().message.find("another version"), std::string::npos);
}

TEST_F(BaselinesFileTest, MemoryHasAnEnd) {
  for (int i = 0; i < 700; ++i) {
    alerts(by("/opt/app" + std::to_string(i), "hello", kMonday));
  }
  EXPECT_EQ(engine_->baselines().applications.size(), Baselines::kApplications);
  restart();
  EXPECT_EQ(engine_->baselines().applications.size(), Baselines::kApplications);
  EXPECT_NE(engine_->baselines().applications.find("/opt/app699|"), nullptr) << "the newest stay";
}

}  // namespace
}  // namespace sonde::detect
