// One HTTP exchange on its way to become an LLM exchange, or several: the assembler's state per
// exchange.
//
// Ignores itself as soon as head, first bytes or shape say that this is not LLM traffic, and then
// holds nothing. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/http/message.h"
#include "agent/llm/blob.h"
#include "agent/llm/call_environment.h"
#include "agent/llm/dialect.h"
#include "agent/llm/exchange.h"
#include "agent/llm/grpc_body.h"
#include "agent/llm/grpc_methods.h"
#include "agent/llm/json.h"
#include "agent/llm/stream_decoder.h"
#include "agent/llm/writer.h"

namespace sonde::llm {

class Call {
 public:
  // `environment` is borrowed and outlives the call.
  explicit Call(CallEnvironment& environment);
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

  // Both messages have ended, as far as they were heard.
  bool over() const { return response_.ended && (request_.ended || !request_.heard); }
  // Plaintext kept for the exchange.
  size_t held_bytes() const {
    return request_.body.capacity() + response_.body.capacity() + writer_.text_bytes();
  }
  // Ends the call: its exchange goes to the sink, if it is LLM traffic.
  void release();

 private:
  enum class State : uint8_t {
    kUndecided,
    kAccepted,   // one exchange, read by the dialect
    kMcp,        // its messages become exchanges of their own
    kListening,  // a bodiless request for an event stream, which may carry MCP messages
    kIgnored,
  };
  enum class Framing : uint8_t { kUnknown, kWhole, kStream, kBinary, kGrpc };
  // One direction. `body` is one contiguous buffer with room for the parser's padding.
  struct Direction {
    std::string body;
    bool heard = false;  // its head was
    bool ended = false;
    bool whole = false;
    bool told = false;  // the stream's last event has come
    bool cut = false;   // a gap or a limit: nothing behind it belongs to the body's JSON
    std::optional<http::GrpcFraming> grpc;
  };

  void keep(Direction& direction, std::string_view bytes);
  void ignore();
  void accept(DialectPtr dialect, std::string_view provider, std::string_view model);
  std::optional<Json> parse_request(JsonParser& parser);
  void read_request();
  void choose_framing(bool final);
  void begin_stream(StreamFormat format);
  void begin_grpc();
  void read_response(std::string_view bytes);
  void read_whole_answer();
  bool read_answer_lines();
  void read_answer_text(std::string_view text);
  void read_answer_json(const Json& json);
  void read_event(std::string_view name, const std::string& data);
  void read_payload_part(const std::string& data);
  void select_by_answer(const Json& answer);
  void mcp_message(bool forward, const Json& body);
  void finish_answer();

  CallEnvironment& environment_;
  const Limits& limits_;
  Counters& counters_;
  Exchange exchange_;
  Writer writer_;
  MonoTime start_;
  uint64_t scope_;
  State state_ = State::kUndecided;
  bool expected_ = false;    // the path says LLM
  bool judged_ = false;      // the beginning of the request's body was looked at
  bool last_event_ = false;  // events that come now may be cut
  bool watched_ = false;     // someone was told of its pieces
  Direction request_;
  Direction response_;
  Framing framing_ = Framing::kUnknown;
  std::string request_type_;
  std::string response_type_;
  std::string mcp_session_;
  std::optional<StreamDecoder> decoder_;
  std::unique_ptr<StreamDecoder> payload_;  // of a stream inside the events
  std::optional<BlobMeter> meter_;
  const GrpcMethod* method_ = nullptr;  // null: no call of a known service over gRPC
  std::optional<GrpcBody> messages_;    // of the answer
  JsonParser events_;
  DialectPtr dialect_;
};

}  // namespace sonde::llm
