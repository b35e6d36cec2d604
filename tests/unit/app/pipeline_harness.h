// Feeds a Pipeline records as the kernel would write them, and keeps the exchanges that come out.
#pragma once

#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "agent/app/pipeline.h"
#include "agent/base/json_record.h"

namespace sonde::app::test {

inline constexpr uint32_t kTgid = 42;
inline constexpr uint64_t kSecond = 1'000'000'000;

inline std::string request(const std::string& text) {
  const std::string body =
      fmt::format(R"({{"model":"m","messages":[{{"role":"user","content":"{}"}}]}})", text);
  return fmt::format(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

inline std::string response(const std::string& text) {
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

}  // namespace sonde::app::test
