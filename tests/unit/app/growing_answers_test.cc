// Streamed answers of every dialect are told of while they come, once and under the id that their
// exchange gets.
#include "agent/app/growing_answers.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/unit/app/pipeline_harness.h"
#include "tests/unit/llm/samples.h"

namespace sonde::app {
namespace {

using test::kSecond;

struct Told {
  std::string id;
  std::string text;
  Pipeline::Growth growth;
};

class GrowingAnswersTest : public test::PipelineTest {
 protected:
  void SetUp() override {
    pipeline().set_answer_sink([this](const llm::Exchange& begun, const Pipeline::Growth& growth) {
      const llm::Part& part = begun.output.at(0).parts.at(0);
      told_.push_back({begun.id, part.content + part.arguments, growth});
    });
  }

  void begin(uint64_t handle, const std::string& host, const std::string& target,
             const std::string& body, const std::string& type) {
    call(handle, true,
         fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n"
                     "Content-Length: {}\r\n\r\n{}",
                     target, host, body.size(), body));
    call(handle, false,
         fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
                     type));
  }
  void begin_chat(uint64_t handle = 1) {
    begin(handle, "api.openai.com", "/v1/chat/completions",
          R"({"model":"m","stream":true,"messages":[{"role":"user","content":"go on"}]})",
          "text/event-stream");
  }
  void piece(uint64_t handle, const std::string& bytes) {
    call(handle, false, fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
  }
  void says(const std::string& text, uint64_t handle = 1) {
    piece(handle, fmt::format("data: {{\"id\":\"1\",\"object\":\"chat.completion.chunk\","
                              "\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":"
                              "{{\"content\":\"{}\"}}}}]}}\n\n",
                              text));
  }
  void end(uint64_t handle = 1) {
    piece(handle, "data: [DONE]\n\n");
    call(handle, false, "0\r\n\r\n");
  }
  void expect_ids(const std::string& id) const {
    EXPECT_TRUE(
        std::all_of(told_.begin(), told_.end(), [&](const Told& told) { return told.id == id; }));
  }
  static MonoTime at(uint64_t nanoseconds) { return mono_time(nanoseconds); }

  std::vector<Told> told_;
};

// Plays a sample's stream up to its last byte, each look being due. What was told of so far.
class DialectsTest : public GrowingAnswersTest,
                     public testing::WithParamInterface<llm::test::Sample> {
 protected:
  std::vector<Told> before_the_end() {
    const llm::test::Script& script = GetParam().streamed;
    begin(1, script.host, script.target, script.request, script.response_type);
    constexpr size_t kPiece = 16;
    for (size_t i = 0; i < script.response.size(); i += kPiece) {
      now_ += 2 * kSecond;
      piece(1, script.response.substr(i, kPiece));
      pipeline().look_at_quiet(at(now_ + kSecond));  // as the agent does between two reads
    }
    return told_;
  }

  // Texts of the whole answer, as far as they are texts of its own.
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const llm::Message& message : exchanges_.at(0).output) {
      for (const llm::Part& part : message.parts) {
        if (part.type == llm::PartType::kText && !part.content.empty()) {
          texts.push_back(part.content);
        }
      }
    }
    return texts;
  }

  static bool heard(const std::vector<Told>& told, const std::string& text) {
    return std::any_of(told.begin(), told.end(), [&](const Told& one) {
      return !one.text.empty() &&
             (one.text.find(text) != text.npos || text.find(one.text) != text.npos);
    });
  }
};

TEST_P(DialectsTest, ItsTextsAreToldOfBeforeTheyEnd) {
  const std::vector<Told> told = before_the_end();
  call(1, false, "0\r\n\r\n");
  ASSERT_EQ(exchanges_.size(), 1u);
  for (const std::string& text : texts()) EXPECT_TRUE(heard(told, text)) << text;
  expect_ids(exchanges_[0].id);
}

INSTANTIATE_TEST_SUITE_P(Samples, DialectsTest, testing::ValuesIn(llm::test::load_samples()),
                         [](const auto& sample) { return sample.param.name; });

TEST_F(GrowingAnswersTest, AFastAnswerIsLookedAtByItsGrowth) {
  begin_chat();
  std::string whole;
  for (int i = 0; i < 4000; ++i) {
    says("The heron waits. ");
    whole += "The heron waits. ";
  }
  const size_t looked_at =
      std::accumulate(told_.begin(), told_.end(), size_t{0},
                      [](size_t sum, const Told& told) { return sum + told.text.size(); });
  EXPECT_GE(told_.size(), 50u);
  EXPECT_LE(looked_at, 3 * whole.size());  // linear, whatever its length
  // What a look begins with is where the text says.
  const Told& last = told_.back();
  EXPECT_EQ(whole.substr(last.growth.code_points_before, last.text.size()), last.text);
  EXPECT_EQ(last.growth.input_messages, 1u);
  end();
  ASSERT_EQ(exchanges_.size(), 1u);
  EXPECT_EQ(exchanges_[0].id, last.id);
}

TEST_F(GrowingAnswersTest, APauseIsASecondLook) {
  begin_chat();
  says("short");
  EXPECT_TRUE(told_.empty());
  pipeline().look_at_quiet(at(now_));
  EXPECT_TRUE(told_.empty());
  pipeline().look_at_quiet(at(now_ + kSecond));
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_FALSE(told_[0].growth.pauses);
  pipeline().look_at_quiet(at(now_ + kSecond));
  EXPECT_EQ(told_.size(), 1u);
  pipeline().look_at_quiet(at(now_ + 3 * kSecond));
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_TRUE(told_[1].growth.pauses);
  pipeline().look_at_quiet(at(now_ + 60 * kSecond));
  EXPECT_EQ(told_.size(), 2u);
  end();
  pipeline().look_at_quiet(at(now_ + 90 * kSecond));
  EXPECT_EQ(told_.size(), 2u);
}

TEST_F(GrowingAnswersTest, IdsAreThoseOfTheExchangesWhateverEndsFirst) {
  call(1, true, test::request("earlier"));
  call(1, false, test::response("short"));
  begin_chat();
  now_ += 2 * kSecond;
  says("a story that was long ");
  now_ += 2 * kSecond;
  says("and went on ");
  end();
  call(1, true, test::request("later"));
  call(1, false, test::response("short"));
  ASSERT_EQ(exchanges_.size(), 3u);
  ASSERT_FALSE(told_.empty());
  expect_ids(exchanges_[1].id);
  const std::set<std::string> ids = {exchanges_[0].id, exchanges_[1].id, exchanges_[2].id};
  EXPECT_EQ(ids.size(), 3u);
}

TEST_F(GrowingAnswersTest, ATextWithoutSpacesIsNotKept) {
  begin_chat();
  for (int i = 0; i < 200; ++i) says(std::string(1000, 'a'));
  for (const Told& told : told_) EXPECT_LE(told.text.size(), 10 * GrowingAnswer::kOverlap);
  end();
  EXPECT_EQ(exchanges_.at(0).output.at(0).parts.at(0).content.size(), 200'000u);
}

TEST_F(GrowingAnswersTest, AConnectionThatIsClosedIsForgotten) {
  begin_chat();
  says("half an answer ");
  pipeline().finish();
  pipeline().look_at_quiet(at(now_ + 10 * kSecond));
  EXPECT_TRUE(told_.empty());
  EXPECT_EQ(exchanges_.size(), 1u);
}

}  // namespace
}  // namespace sonde::app
