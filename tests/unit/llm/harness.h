// Plays HTTP messages to an Assembler and keeps the exchanges that come out.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "agent/llm/assembler.h"

namespace sonde::llm::test {

struct Script {
  std::string host = "api.openai.com";
  std::string target = "/v1/chat/completions";
  std::string request;
  std::string response;
  std::string method = "POST";
  std::string request_type = "application/json";
  std::string response_type = "application/json";
  int status = 200;
  http::End request_end = http::End::kComplete;
  http::End response_end = http::End::kComplete;
  size_t split = 0;  // the response comes in two pieces, the first this long; 0: whole
  Limits limits;
  std::vector<http::Field> fields;  // of the request, besides the usual
  std::vector<http::Field> response_fields;
};

class Player {
 public:
  explicit Player(const Limits& limits = {}, Context* shared = nullptr)
      : limits_(limits),
        assembler_(
            limits_, counters_,
            [this](Exchange&& exchange) { exchanges.push_back(std::move(exchange)); }, shared) {}

  void play(const Script& script, http::ExchangeNumber number = 1) {
    request(script, number);
    response(script, number);
  }
  void request(const Script& script, http::ExchangeNumber number = 1) {
    request_head(script, number);
    assembler_.on_request_body(number, as_bytes(script.request));
    assembler_.on_request_end(number, script.request_end);
  }
  void request_head(const Script& script, http::ExchangeNumber number = 1) {
    assembler_.set_time(mono_time(1'000'000'000), wall_time(1'700'000'000'000'000'000));
    http::Head head;
    head.method = script.method;
    head.target = script.target;
    head.fields = {
        {"host", script.host}, {"content-type", script.request_type}, {"user-agent", "test/1"}};
    head.fields.insert(head.fields.end(), script.fields.begin(), script.fields.end());
    assembler_.on_request_head(number, head);
  }
  void response(const Script& script, http::ExchangeNumber number = 1) {
    const std::string_view body = script.response;
    const size_t split = std::min(script.split, body.size());
    response_in_parts(script, {body.substr(0, split), body.substr(split)}, number);
  }
  void response_in_parts(const Script& script, const std::vector<std::string_view>& parts,
                         http::ExchangeNumber number = 1) {
    response_head(script, number);
    for (const std::string_view part : parts) {
      if (!part.empty()) assembler_.on_response_body(number, as_bytes(part));
    }
    assembler_.on_response_end(number, script.response_end);
  }
  void response_with_gap(const Script& script, std::string_view before, size_t lost,
                         std::string_view after) {
    response_head(script, 1);
    if (!before.empty()) assembler_.on_response_body(1, as_bytes(before));
    assembler_.on_response_gap(1, lost);
    if (!after.empty()) assembler_.on_response_body(1, as_bytes(after));
    assembler_.on_response_end(1, http::End::kTruncated);
  }
  void response_head(const Script& script, http::ExchangeNumber number = 1) {
    assembler_.set_time(mono_time(1'250'000'000), wall_time(1'700'000'000'250'000'000));
    http::Head head;
    head.status = script.status;
    head.fields = script.response_fields;
    head.fields.push_back({"content-type", script.response_type});
    assembler_.on_response_head(number, head);
  }
  Assembler& assembler() { return assembler_; }
  uint64_t count(Count count) const { return counters_.value(count); }

  std::vector<Exchange> exchanges;

 private:
  Limits limits_;
  Counters counters_;
  Assembler assembler_;
};

// The one exchange of a script; an empty one (and no operation) if there is none.
inline Exchange run(const Script& script) {
  Player player(script.limits);
  player.play(script);
  return player.exchanges.empty() ? Exchange{} : std::move(player.exchanges.front());
}

// "role/zone: text|tool_call id name arguments|..." of each message: compact to compare.
inline std::string summary(const std::vector<Message>& messages) {
  std::string out;
  for (const Message& message : messages) {
    out += message.role + "/" + std::string(to_string(message.zone)) + ":";
    for (const Part& part : message.parts) {
      out += " " + std::string(to_string(part.type)) + "(";
      if (part.type == PartType::kToolCall) {
        out += part.id + "," + part.name + "," + part.arguments;
      } else if (part.type == PartType::kToolCallResponse) {
        out += part.id + "," + part.content;
      } else if (part.type == PartType::kBlob) {
        out += part.media_type + "," + std::to_string(part.size_bytes);
      } else {
        out += part.content;
      }
      out += ")";
    }
    if (!message.finish_reason.empty()) out += " -> " + message.finish_reason;
    out += "\n";
  }
  return out;
}

}  // namespace sonde::llm::test
