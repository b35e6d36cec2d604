#include "agent/app/pipeline.h"

#include <cstring>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "agent/base/json_record.h"

namespace sonde::app {
namespace {

constexpr uint32_t kTgid = 42;
constexpr uint64_t kSecond = 1'000'000'000;

std::string request(const std::string& text) {
  const std::string body =
      fmt::format(R"({{"model":"m","messages":[{{"role":"user","content":"{}"}}]}})", text);
  return fmt::format(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

std::string response(const std::string& text) {
  const std::string body =
      fmt::format(R"({{"id":"1","object":"chat.completion","model":"m","choices":[{{"index":0,)"
                  R"("message":{{"role":"assistant","content":"{}"}},"finish_reason":"stop"}}]}})",
                  text);
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

class PipelineTest : public testing::Test {
 protected:
  void call(uint64_t handle, bool sent, const std::string& text) {
    std::vector<std::byte> bytes(sizeof(sonde_data_record) + text.size());
    sonde_data_record record{};
    record.header = {SONDE_RECORD_DATA,
                     SONDE_ABI_VERSION,
                     static_cast<uint32_t>(bytes.size()),
                     now_,
                     kTgid,
                     kTgid};
    record.handle = handle;
    record.generation_ns = 1;
    record.stream_pos = positions_[{handle, sent}];
    record.entry_ns = now_;
    record.original_len = record.captured_len = static_cast<uint32_t>(text.size());
    record.target = target_;
    record.flags = flags_;
    record.direction = sent ? SONDE_DIRECTION_SENT : SONDE_DIRECTION_RECEIVED;
    positions_[{handle, sent}] += text.size();
    std::memcpy(bytes.data(), &record, sizeof(record));
    std::memcpy(bytes.data() + sizeof(record), text.data(), text.size());
    pipeline().on_record(bytes);
  }

  template <typename Record>
  void tell(Record record, uint16_t kind, std::string_view json) {
    pipeline().on_record(json_record(record, kind, kTgid, json));
  }

  Pipeline& pipeline() {
    if (!pipeline_) {
      pipeline_.emplace(limits_, counters_,
                        [this](llm::Exchange&& exchange) { exchanges_.push_back(exchange); });
    }
    return *pipeline_;
  }

  Limits limits_;  // change before the first call
  Counters counters_;
  uint64_t now_ = kSecond;
  uint32_t target_ = 0;
  uint16_t flags_ = 0;
  std::vector<llm::Exchange> exchanges_;

 private:
  std::map<std::pair<uint64_t, bool>, uint64_t> positions_;
  std::optional<Pipeline> pipeline_;
};

TEST_F(PipelineTest, AnExchangeComesOut) {
  call(1, true, request("hello"));
  call(1, false, response("hi"));
  ASSERT_EQ(exchanges_.size(), 1u);
  EXPECT_EQ(exchanges_[0].output.at(0).parts.at(0).content, "hi");
  EXPECT_EQ(exchanges_[0].process.pid, kTgid);
  EXPECT_TRUE(exchanges_[0].capture.complete);
}

TEST_F(PipelineTest, AConnectionWithoutAnEndIsGivenUpAfterAWhile) {
  call(1, true, request("never answered"));
  now_ += 10 * kSecond;
  call(2, true, request("x"));
  EXPECT_TRUE(exchanges_.empty());
  now_ += static_cast<uint64_t>(limits_.connection_idle.count()) * kSecond;
  call(2, false, response("y"));
  ASSERT_EQ(exchanges_.size(), 2u);
  EXPECT_FALSE(exchanges_[0].capture.complete);
  EXPECT_TRUE(exchanges_[1].capture.complete);
}

TEST_F(PipelineTest, PlaintextOverAllConnectionsIsBounded) {
  limits_.plaintext_bytes = 256 << 10;
  const std::string most = request(std::string(100 << 10, 'a'));
  for (uint64_t handle = 1; handle <= 10; ++handle)
    call(handle, true, most.substr(0, most.size() - 10));
  EXPECT_GE(counters_.value(Count::kConnectionsEvicted), 6u);
  // The last one was kept, and is whole.
  call(10, true, most.substr(most.size() - 10));
  call(10, false, response("kept"));
  ASSERT_FALSE(exchanges_.empty());
  EXPECT_TRUE(exchanges_.back().capture.complete);
}

TEST_F(PipelineTest, TheOldestConnectionMakesRoom) {
  limits_.connections = 16;
  for (uint64_t handle = 1; handle <= 20; ++handle) call(handle, true, request("x"));
  EXPECT_EQ(counters_.value(Count::kConnectionsEvicted), 4u);
}

TEST_F(PipelineTest, AProcessOutOfScopeIsNotRead) {
  pipeline().set_process_filter([](const Pipeline::Origin&) { return false; });
  call(1, true, request("private"));
  call(1, false, response("private"));
  pipeline().finish();
  EXPECT_TRUE(exchanges_.empty());
  EXPECT_EQ(counters_.value(Count::kConnectionsOutOfScope), 1u);
}

TEST_F(PipelineTest, AnExchangeWaitsForItsContainer) {
  tell(sonde_process_record{}, SONDE_RECORD_PROCESS, R"({"exe":"/bin/a","cgroup":"/docker/x"})");
  call(1, true, request("hello"));
  call(1, false, response("hi"));
  EXPECT_TRUE(exchanges_.empty());
  tell(sonde_container_record{}, SONDE_RECORD_CONTAINER,
       R"({"cgroup":"/docker/x","container":{"id":"x","name":"web"},"k8s":{"labels":{"a":"b"}}})");
  ASSERT_EQ(exchanges_.size(), 1u);
  EXPECT_EQ(exchanges_[0].container->name, "web");
  EXPECT_EQ(exchanges_[0].kubernetes->labels.at(0).second, "b");
  call(1, true, request("again"));
  call(1, false, response("hi"));
  ASSERT_EQ(exchanges_.size(), 2u);
  EXPECT_EQ(exchanges_[1].container->name, "web");
}

TEST_F(PipelineTest, AnExchangeDoesNotWaitForEver) {
  tell(sonde_process_record{}, SONDE_RECORD_PROCESS,
       R"({"cgroup":"/docker/x","container_id":"x","cmdline":7,"parents":[1,{"pid":"x"}]})");
  call(1, true, request("hello"));
  call(1, false, response("hi"));
  EXPECT_TRUE(exchanges_.empty());
  now_ += 11 * kSecond;
  call(2, true, request("other"));
  ASSERT_EQ(exchanges_.size(), 1u);
  EXPECT_EQ(exchanges_[0].container->id, "x");
  call(2, false, response("hi"));
  pipeline().finish();
  EXPECT_EQ(exchanges_.size(), 2u);
}

TEST_F(PipelineTest, GarbageIsCountedAndHurtsNoOther) {
  std::vector<std::byte> garbage(40, std::byte{0xff});
  pipeline().on_records(garbage);
  EXPECT_EQ(counters_.value(Count::kEventsMalformed), 1u);
  call(1, true, request("hello"));
  call(1, false, response("hi"));
  EXPECT_EQ(exchanges_.size(), 1u);
}

constexpr const char* kToolCall =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"look","arguments":{}}})"
    "\n";
constexpr const char* kToolResult =
    R"({"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"an owl"}]}})"
    "\n";

TEST_F(PipelineTest, StandardInputAndOutputSpeakJsonRpc) {
  target_ = SONDE_TARGET_STDIO;
  call(1, true, kToolCall);
  call(1, false, kToolResult);
  ASSERT_EQ(exchanges_.size(), 1u);
  EXPECT_EQ(exchanges_[0].operation, "execute_tool");
  EXPECT_EQ(exchanges_[0].capture.tls, "stdio");
  EXPECT_EQ(exchanges_[0].capture.side, "client");
  EXPECT_TRUE(exchanges_[0].capture.complete);
}

TEST_F(PipelineTest, TheServersEndOfStandardInputIsToldApart) {
  target_ = SONDE_TARGET_STDIO;
  flags_ = SONDE_DATA_SERVER;
  call(1, false, kToolCall);
  call(1, true, kToolResult);
  ASSERT_EQ(exchanges_.size(), 1u);
  EXPECT_EQ(exchanges_[0].capture.side, "server");
}

TEST_F(PipelineTest, StandardInputThatIsNoJsonRpcIsGivenUp) {
  target_ = SONDE_TARGET_STDIO;
  for (int line = 0; line < 100; ++line) call(1, true, "{\"level\":\"info\"}\n");
  EXPECT_TRUE(exchanges_.empty());
  EXPECT_EQ(counters_.value(Count::kConnectionsNotHttp), 1u);
}

}  // namespace
}  // namespace sonde::app
