// Every dialect by its samples: the streamed answer must be what the whole one is, at every split;
// a cut or a gap must not add a word.
#include <cstdlib>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/splits.h"
#include "tests/unit/llm/samples.h"

namespace sonde::llm::test {
namespace {

class DialectSamplesTest : public testing::TestWithParam<std::string> {
 protected:
  const Sample& given() const { return sample(GetParam()); }
};

std::string everything_said(const std::vector<Message>& messages) {
  std::string out;
  for (const Message& message : messages) {
    for (const Part& part : message.parts) out += part.content + part.arguments + "\n";
  }
  return out;
}

// What was heard of a value: JSON that was cut is closed, which adds quotes and brackets.
std::string heard_of(const std::string& content) {
  if (content.empty() || (content[0] != '{' && content[0] != '[')) return content;
  const size_t last = content.find_last_not_of("}]\"");
  return content.substr(0, last == std::string::npos ? 0 : last + 1);
}

std::string without_space(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\n') out += c;
  }
  return out;
}

// JSON paths differ between the two forms of an answer by nature, and so do spaces in arguments
// that one sends as an object and the other as text.
std::string comparable(Exchange exchange) {
  for (Message& message : exchange.output) {
    for (Part& part : message.parts) {
      part.json_path.clear();
      std::erase(part.arguments, ' ');
    }
  }
  exchange.http = {};
  return describe(exchange);
}

Exchange play_parts(const Script& script, const sonde::test::Parts& parts) {
  Player player;
  player.request(script);
  player.response_in_parts(script, parts);
  return player.exchanges.empty() ? Exchange{} : player.exchanges.front();
}

TEST_P(DialectSamplesTest, WholeAnswerIsReadAsExpected) {
  const std::string got = describe(run(given().whole));
  const std::string path = samples_folder() + "/" + GetParam() + "/expected.txt";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << got;
  EXPECT_EQ(got, read_text_file(path));
}

TEST_P(DialectSamplesTest, StreamIsAssembledToTheWholeAnswer) {
  const Exchange streamed = run(given().streamed);
  EXPECT_TRUE(streamed.stream);
  EXPECT_TRUE(streamed.capture.complete);
  EXPECT_EQ(comparable(streamed), comparable(run(given().whole)));
}

TEST_P(DialectSamplesTest, StreamIsTheSameAtEverySplit) {
  const std::string whole = describe(run(given().streamed));
  sonde::test::for_each_split(given().streamed.response, [&](const sonde::test::Parts& parts) {
    ASSERT_EQ(describe(play_parts(given().streamed, parts)), whole);
  });
}

TEST_P(DialectSamplesTest, CutAnswersInventNothing) {
  for (const Script& script : {given().streamed, given().whole}) {
    const std::string said = everything_said(run(script).output);
    const std::string sent = without_space(script.response);
    sonde::test::for_each_truncation(script.response, [&](std::string_view part) {
      Script cut = script;
      cut.response = part;
      cut.response_end = http::End::kTruncated;
      for (const Message& message : run(cut).output) {
        for (const Part& piece : message.parts) {
          // Of a result whose kind was not heard yet, its JSON is shown as far as it came.
          const std::string heard = heard_of(piece.content);
          const bool shown = piece.type == PartType::kToolCallResponse &&
                             sent.find(without_space(heard)) != std::string::npos;
          ASSERT_TRUE(shown || said.find(heard) != std::string::npos) << piece.content;
          ASSERT_NE(said.find(heard_of(piece.arguments)), std::string::npos) << piece.arguments;
        }
      }
    });
  }
}

TEST_P(DialectSamplesTest, CutRequestsInventNothing) {
  const Script& script = given().whole;
  std::set<std::string> roles;
  const Exchange exchange = run(script);
  for (const Message& message : exchange.input) roles.insert(message.role);
  const std::string said = everything_said(exchange.input);
  sonde::test::for_each_truncation(script.request, [&](std::string_view part) {
    Script cut = script;
    cut.request = part;
    cut.request_end = http::End::kTruncated;
    for (const Message& message : run(cut).input) {
      for (const Part& piece : message.parts) {
        if (piece.type != PartType::kText) continue;
        ASSERT_NE(said.find(piece.content), std::string::npos);
      }
    }
  });
}

TEST_P(DialectSamplesTest, GapsLeaveTheExchangeIncomplete) {
  const Script& script = given().streamed;
  sonde::test::for_each_gap(
      script.response, [&](std::string_view before, std::string_view lost, std::string_view after) {
        Player player;
        player.request(script);
        player.response_with_gap(script, before, lost.size(), after);
        ASSERT_EQ(player.exchanges.size(), 1U);
        ASSERT_FALSE(player.exchanges.front().capture.complete);
      });
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const Sample& one : load_samples()) out.push_back(one.name);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Apis, DialectSamplesTest, testing::ValuesIn(names()),
                         [](const auto& sample) { return sample.param; });

}  // namespace
}  // namespace sonde::llm::test
