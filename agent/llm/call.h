// One HTTP exchange on its way to become an LLM exchange: the assembler's state per exchange.
//
// Ignores itself as soon as head, first bytes or shape say that this is not LLM traffic, and then
// holds nothing. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/time.h"
#include "agent/http/message.h"
#include "agent/llm/dialect.h"
#include "agent/llm/exchange.h"
#include "agent/llm/json.h"
#include "agent/llm/stream_decoder.h"
#include "agent/llm/writer.h"

namespace sonde::llm {

class Call {
 public:
  // `limits` and `counters` are borrowed and outlive the call.
  Call(const Limits& limits, Counters& counters, MonoTime start, WallTime start_time);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void request_head(const http::Head& head);
  void request_body(std::string_view bytes);
  void request_gap(uint64_t lost_bytes);
  void request_end(bool complete);
  void response_head(const http::Head& head);
  void response_body(std::string_view bytes);
  void response_gap(uint64_t lost_bytes);
  void response_end(bool complete);

  // Nothing of this will ever be reported.
  bool ignored() const { return state_ == State::kIgnored; }
  // Both messages have ended, as far as they were heard.
  bool over() const { return response_.ended && (request_.ended || !request_.heard); }
  // The exchange, its duration ended at `now`; nullopt if it is not LLM traffic. Ends the call.
  std::optional<Exchange> release(MonoTime now);

 private:
  enum class State : uint8_t { kUndecided, kAccepted, kIgnored };
  enum class Framing : uint8_t { kUnknown, kWhole, kStream };
  // One direction. `body` is one contiguous buffer with room for the parser's padding.
  struct Direction {
    std::string body;
    bool heard = false;  // its head was
    bool ended = false;
    bool whole = false;
    bool cut = false;  // a gap or a limit: nothing behind it belongs to the body's JSON
  };

  void keep(Direction& direction, std::string_view bytes);
  void ignore();
  void accept(DialectPtr dialect, std::string_view provider, std::string_view model);
  void read_request();
  void choose_framing(std::string_view beginning);
  void read_response(std::string_view bytes);
  void read_whole_answer();
  void read_event(std::string_view name, const std::string& data);
  void select_by_answer(const Json& answer);

  const Limits& limits_;
  Counters& counters_;
  Exchange exchange_;
  Writer writer_;
  MonoTime start_;
  State state_ = State::kUndecided;
  bool expected_ = false;  // the path says LLM
  Direction request_;
  Direction response_;
  Framing framing_ = Framing::kUnknown;
  std::string response_type_;
  std::optional<StreamDecoder> decoder_;
  JsonParser events_;
  DialectPtr dialect_;
};

}  // namespace sonde::llm
