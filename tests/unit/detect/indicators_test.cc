#include "agent/detect/indicators.h"

#include <fstream>

#include "tests/unit/detect/engine_fixture.h"

namespace sonde::detect {
namespace {

using llm::Zone;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

IndicatorSet make_set() {
  IndicatorSet set;
  for (const char* line :
       {"# comment", "evil.example", "http://shop.test/login?next=1,2026-01-01,phishing",
        "203.0.113.7", "2001:db8::bad", "0.0.0.0 ads.test", "*.wild.test", "hxxp://fang[.]test/x",
        "", "not an indicator"}) {
    set.add_line(line);
  }
  set.seal();
  return set;
}

bool matches(const IndicatorSet& set, std::string_view text) {
  const auto address = parse_address(text);
  return address && set.match(*address).has_value();
}

TEST(IndicatorsTest, ListedAddressesMatch) {
  const IndicatorSet set = make_set();
  for (const char* text :
       {"evil.example", "https://evil.example/any", "http://a.b.EVIL.example:8080/x",
        "hxxps://evil[.]example", "evil(dot)example", "http://shop.test/login?next=1#top",
        "http://203.0.113.7/a.exe", "http://user:pw@203.0.113.7:81", "http://[2001:db8::bad]/",
        "ads.test", "deep.wild.test", "http://fang.test/x?y=1"}) {
    EXPECT_TRUE(matches(set, text)) << text;
  }
}

TEST(IndicatorsTest, NeighboursDoNot) {
  const IndicatorSet set = make_set();
  for (const char* text : {"notevil.example", "evil.example.org", "http://shop.test/",
                           "http://shop.test/login", "203.0.113.70", "example", "fang.test"}) {
    EXPECT_FALSE(matches(set, text)) << text;
  }
}

IndicatorSet set_of_file(const std::string& content) {
  const std::string path = ::testing::TempDir() + "/indicators_" +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ofstream(path) << content;
  IndicatorSet set;
  EXPECT_TRUE(set.load_file(path).ok());
  set.seal();
  return set;
}

TEST(IndicatorsTest, StixBundleIsRead) {
  const IndicatorSet set = set_of_file(R"({"type":"bundle","objects":[
    {"type":"indicator","pattern_type":"stix","pattern":"[url:value = 'http://bad.test/a' OR domain-name:value='evil.test']"},
    {"type":"indicator","pattern":"[ipv4-addr:value = '198.51.100.9']"},
    {"type":"indicator","revoked":true,"pattern":"[domain-name:value = 'good.test']"},
    {"type":"indicator","pattern":"[domain-name:value LIKE 'pattern.test']"},
    {"type":"malware","name":"x"}, 5]})");
  EXPECT_TRUE(matches(set, "http://bad.test/a"));
  EXPECT_TRUE(matches(set, "www.evil.test"));
  EXPECT_TRUE(matches(set, "198.51.100.9"));
  EXPECT_FALSE(matches(set, "good.test"));
  EXPECT_FALSE(matches(set, "pattern.test"));
  EXPECT_FALSE(matches(set, "bad.test"));
}

TEST(IndicatorsTest, MispEventIsRead) {
  const IndicatorSet set = set_of_file(R"({"response":[{"Event":{"Attribute":[
    {"type":"domain","value":"evil.test","to_ids":true},
    {"type":"domain","value":"seen.test","to_ids":false},
    {"type":"ip-dst|port","value":"198.51.100.9|443"},{"type":"md5","value":"abc.test"}],
    "Object":[{"Attribute":[{"type":"url","value":"http://bad.test/a"}]}]}}]})");
  EXPECT_TRUE(matches(set, "evil.test"));
  EXPECT_TRUE(matches(set, "198.51.100.9"));
  EXPECT_TRUE(matches(set, "http://bad.test/a"));
  EXPECT_FALSE(matches(set, "seen.test"));
  EXPECT_FALSE(matches(set, "abc.test"));
}

TEST(IndicatorsTest, QuotedFieldsOfAFeedAreRead) {
  const IndicatorSet set = set_of_file(
      "# "
      "feed\n\"1\",\"2026-01-01\",\"http://bad.test/a\",\"online\"\n\"evil.test\",\"phishing\"\n");
  EXPECT_TRUE(matches(set, "http://bad.test/a"));
  EXPECT_TRUE(matches(set, "evil.test"));
}

TEST(IndicatorsTest, BrokenJsonIsAnError) {
  const std::string path = ::testing::TempDir() + "/indicators_broken";
  std::ofstream(path) << "{\"type\":";
  IndicatorSet set;
  EXPECT_FALSE(set.load_file(path).ok());
}

class MaliciousUrlTest : public EngineFixture {
 protected:
  void SetUp() override {
    const std::string path =
        ::testing::TempDir() + "/indicators_" + std::to_string(getpid()) + ".txt";
    std::ofstream(path) << "evil.example\nhttp://shop.test/login\n";
    make_engine({path});
  }
};

TEST_F(MaliciousUrlTest, OriginDecidesTheAlert) {
  const std::string content = "See [the page](https://evil.example/a) now.";
  EXPECT_THAT(alerts(text(Zone::kUser, content)), ElementsAre("malicious_url.user_prompt"));
  EXPECT_THAT(alerts(text(Zone::kAssistant, content)), ElementsAre("malicious_url.model_response"));
  EXPECT_THAT(alerts(text(Zone::kTool, content)), ElementsAre("malicious_url.tool_output"));
  EXPECT_THAT(alerts(text(Zone::kSystem, content)), ElementsAre("malicious_url.unknown"));
}

TEST_F(MaliciousUrlTest, AddressIsFoundInsideMarkupAndSentences) {
  for (const char* content :
       {"go to evil.example.", "(evil.example)", "<a href=\"http://evil.example/x\">",
        "evil[.]example", "url=http://evil.example", "**http://shop.test/login**",
        "hxxp://www.evil[dot]example/q"}) {
    EXPECT_THAT(alerts(text(Zone::kAssistant, content)),
                ElementsAre("malicious_url.model_response"))
        << content;
  }
  EXPECT_THAT(alerts(text(Zone::kAssistant, "go to good.example, e.g. today.")), IsEmpty());
}

TEST_F(MaliciousUrlTest, UnreadableListIsAnError) {
  EngineConfig config{.indicator_files = {"/nonexistent/list"},
                      .fingerprint_key = std::string(32, 'k')};
  EXPECT_FALSE(Engine::create(config, limits_, counters_).ok());
}

}  // namespace
}  // namespace sonde::detect
