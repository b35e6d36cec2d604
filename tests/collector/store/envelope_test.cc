#include "collector/store/envelope.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/collector/support/sample.h"

namespace sonde::store {
namespace {

// The padding holds text, as it does in the middle of a batch.
Result<Envelope> read(const std::string& line, std::string_view sender = "agent-1") {
  static EnvelopeReader reader;
  const std::string padded = line + std::string(EnvelopeReader::kPadding, '"');
  return reader.read(std::string_view(padded).substr(0, line.size()), sender);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& line) {
  const auto envelope = read(line);
  return envelope.ok() ? "" : envelope.error().message;
}

TEST(EnvelopeReaderTest, AnAlertIsReadWithItsFacts) {
  const auto envelope = read(testing::sample_line(5));
  ASSERT_TRUE(envelope.ok()) << envelope.error().message;
  const auto& alert = std::get<NewAlert>(*envelope);
  EXPECT_EQ(alert.uid, "alert-5");
  EXPECT_EQ(alert.alert, "credential.response");
  EXPECT_EQ(alert.severity, Severity::kMedium);
  EXPECT_EQ(alert.application, "chatbot");
  EXPECT_EQ(alert.host, "web-1");
  EXPECT_EQ(alert.zone, "assistant");
  EXPECT_DOUBLE_EQ(alert.score, 0.93);
  EXPECT_EQ(alert.evidence_preview, "the key is sk-**** number5");
  EXPECT_EQ(alert.ocsf, testing::sample_ocsf(5));
  EXPECT_EQ(alert.entities,
            (std::vector<Entity>{{"secret", "fp:5"}, {"host", "web-1"}, {"conversation", "c-1"}}));
}

TEST(EnvelopeReaderTest, WhatIsWrongIsNamed) {
  const std::string good = testing::sample_line(1);
  EXPECT_NE(refusal(replaced(good, "2004", "2001")).find("class_uid"), std::string::npos);
  EXPECT_NE(refusal(replaced(good, "alert-1", "")).find("uid"), std::string::npos);
  EXPECT_NE(refusal(replaced(good, "alert-1", "a b")).find("uid"), std::string::npos);
  EXPECT_NE(refusal(replaced(good, "\"alert-1\"", "[1]")).find("uid"), std::string::npos);
  EXPECT_NE(
      refusal(replaced(good, "\"severity_id\":3", "\"severity_id\":\"high\"")).find("severity_id"),
      std::string::npos);
  EXPECT_NE(refusal(replaced(good, "\"severity_id\":3", "\"severity_id\":7")).find("severity_id"),
            std::string::npos);
  EXPECT_NE(refusal(replaced(good, "\"time\":1763880001000", "\"time\":-1")).find("time"),
            std::string::npos);
  EXPECT_NE(refusal(replaced(good, "credential.response", "Evil<b>")).find("types"),
            std::string::npos);
  EXPECT_NE(refusal(replaced(good, "\"A credential in an answer\"", "{}")).find("title"),
            std::string::npos);
  EXPECT_NE(refusal(replaced(good, "agent-1", "agent-2")).find("another agent"), std::string::npos);
}

TEST(EnvelopeReaderTest, WhatIsNoEnvelopeIsRefused) {
  for (const char* line :
       {"", "{", "[]", "1", "null", "\"alert\"", "{}", R"({"type":1})", R"({"type":"alert"})",
        R"({"type":"alert","alert":[]})", R"({"type":"alert","alert":null})",
        R"({"type":"exec","exec":{}})", R"({"type":"alert","alert":{"a":1})",
        R"({"type":"alert","alert":{"a":tru}})", "{\"type\":\"alert\",\"alert\":{\"a\":\"\xff\"}}",
        R"({"type":"alert","alert":{"a":"\ud800"}})"}) {
    EXPECT_FALSE(read(line).ok()) << line;
  }
}

TEST(EnvelopeReaderTest, EveryTruncationIsRefusedWithoutHarm) {
  const std::string good = testing::sample_line(1);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read(good.substr(0, size)).ok()) << size;
  }
}

TEST(EnvelopeReaderTest, WhatIsStoredIsWhatWasChecked) {
  // Two records of one name, one of them written with an escape: readers differ in which they take.
  const std::string line = fmt::format(R"({{"type":"alert","al\u0065rt":{},"alert":{{"x":1}}}})",
                                       testing::sample_ocsf(1));
  EXPECT_FALSE(read(line).ok());
}

TEST(EnvelopeReaderTest, DepthSizeAndListsAreBounded) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "[";
  EXPECT_FALSE(read(R"({"type":"alert","alert":{"a":)" + deep).ok());
  std::string nested = "1";
  for (int i = 0; i < 100; ++i) nested = "[" + nested + "]";
  EXPECT_FALSE(
      read(replaced(testing::sample_line(1), "\"class_uid\"", "\"a\":" + nested + ",\"class_uid\""))
          .ok());
  EXPECT_FALSE(read(replaced(testing::sample_line(1), "sk-****", std::string(2 << 20, 'x'))).ok());
  std::string entities;
  for (int i = 0; i < 1000; ++i) {
    entities += fmt::format(R"({{"type":"t","value":"v{}"}},)", i);
  }
  const auto many =
      read(replaced(testing::sample_line(1), "\"entities\":[", "\"entities\":[" + entities));
  ASSERT_TRUE(many.ok()) << many.error().message;
  EXPECT_LE(std::get<NewAlert>(*many).entities.size(), 69U);
}

TEST(EnvelopeReaderTest, TextsAreCutAtCodePointsAndLoseNul) {
  std::string long_text;
  for (int i = 0; i < 400; ++i) long_text += "\xC3\xBC";
  const auto envelope =
      read(replaced(testing::sample_line(1), "the key is", "\\u0000" + long_text));
  ASSERT_TRUE(envelope.ok()) << envelope.error().message;
  const std::string& preview = std::get<NewAlert>(*envelope).evidence_preview;
  EXPECT_EQ(preview.size(), 3 + 239 * 2U);
  EXPECT_TRUE(preview.starts_with("\xEF\xBF\xBD\xC3\xBC"));
}

TEST(EnvelopeReaderTest, AHeartbeatCountsWhatIsCovered) {
  const auto envelope = read(
      R"({"type":"heartbeat","heartbeat":{"agent_id":"agent-1","hostname":"web-1","version":"1",)"
      R"("counters":{"events":7},"coverage":[{"pid":1,"covered":true},{"pid":2,"covered":false},)"
      R"({"pid":3}]}})");
  ASSERT_TRUE(envelope.ok()) << envelope.error().message;
  const auto& heartbeat = std::get<Heartbeat>(*envelope);
  EXPECT_EQ(heartbeat.covered, 1);
  EXPECT_EQ(heartbeat.not_covered, 2);
  EXPECT_EQ(heartbeat.counters, R"({"events":7})");
  EXPECT_FALSE(read(R"({"type":"heartbeat","heartbeat":{"agent_id":"agent-2"}})").ok());
  EXPECT_FALSE(
      read(R"({"type":"heartbeat","heartbeat":{"agent_id":"agent-1","counters":{"a":"b"}}})").ok());
  EXPECT_FALSE(
      read(R"({"type":"heartbeat","heartbeat":{"agent_id":"agent-1","coverage":[1]}})").ok());
}

TEST(EnvelopeReaderTest, AnActivityNamesWhatWasUsed) {
  const auto envelope = read(
      R"({"type":"activity","activity":{"id":"x","start_time":"2026-11-23T07:00:00.5Z",)"
      R"("process":{"exe":"/usr/bin/node"},"gen_ai.provider.name":"openai",)"
      R"("gen_ai.request.model":"gpt-4o","gen_ai.response.model":"gpt-4o-2024","tools":["a",1],)"
      R"("gen_ai.usage.input_tokens":12,"gen_ai.usage.output_tokens":-5}})");
  ASSERT_TRUE(envelope.ok()) << envelope.error().message;
  const auto& activity = std::get<Activity>(*envelope);
  EXPECT_EQ(activity.input_tokens, 12);
  EXPECT_EQ(activity.output_tokens, 0);
  std::string uses;
  for (const Usage& use : activity.uses) uses += use.kind + "=" + use.name + ";";
  EXPECT_EQ(uses, "application=node;provider=openai;model=gpt-4o-2024;tool=a;");
}

TEST(ParseRfc3339Test, TimesAreReadWithFractionsAndOffsets) {
  EXPECT_EQ(*parse_rfc3339_ms("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(*parse_rfc3339_ms("2026-11-23T07:00:00.123456Z"), 1795417200123);
  EXPECT_EQ(*parse_rfc3339_ms("2026-11-23T08:00:00.5+01:00"), 1795417200500);
  EXPECT_EQ(*parse_rfc3339_ms("2024-02-29T00:00:00Z"), 1709164800000);
  for (const char* text :
       {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T25:00:00Z",
        "2026-11-23T07:00:00", "2026-11-23 07:00:00Z", "2026-11-23T07:00:00+1:00",
        "2026-11-23T07:00:00Zx", "2026x11-23T07:00:00Z", "-026-11-23T07:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339_ms(text).ok()) << text;
  }
}

}  // namespace
}  // namespace sonde::store
