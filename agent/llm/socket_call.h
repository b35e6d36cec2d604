// Exchanges over a WebSocket: a session that lasts, in which every answer of the model is an
// exchange with what was said to it since the answer before.
//
// OpenAI's realtime API and responses over WebSocket, Azure's, and Gemini Live. Not thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include "agent/http/message.h"
#include "agent/llm/call_environment.h"
#include "agent/llm/exchange.h"
#include "agent/llm/json.h"

namespace sonde::llm {

// What one such API makes of its messages. An instance serves one socket.
class SocketDialect {
 public:
  virtual ~SocketDialect() = default;
  virtual void client_message(const Json& message) = 0;
  virtual void server_message(const Json& message) = 0;
  // Messages are missing: what is under way is not whole.
  virtual void gap() = 0;
  // The socket is closed: what is under way ends as it is.
  virtual void finish() = 0;
};

class SocketCall {
 public:
  // `environment` is borrowed and outlives the call.
  explicit SocketCall(CallEnvironment& environment);
  ~SocketCall();
  SocketCall(const SocketCall&) = delete;
  SocketCall& operator=(const SocketCall&) = delete;

  void request_head(const http::Head& head);
  void response_head(const http::Head& head);
  // One message each.
  void client_message(std::string_view message);
  void server_message(std::string_view message);
  void gap(uint64_t lost_bytes);
  void request_end() { request_ended_ = true; }
  void response_end() { response_ended_ = true; }
  bool over() const { return request_ended_ && response_ended_; }
  void release();
  // The message being read; what a dialect keeps is bounded by the budget of each exchange's texts.
  size_t held_bytes() const { return text_.capacity(); }

 private:
  std::optional<Json> parse(std::string_view message);
  void choose(const Json& message);

  CallEnvironment& environment_;
  std::unique_ptr<Exchange> base_;  // what every exchange of this socket begins with
  JsonParser parser_;
  std::string text_;
  std::unique_ptr<SocketDialect> dialect_;
  size_t unknown_ = 0;  // messages heard before the dialect was known
  bool request_ended_ = false;
  bool response_ended_ = false;
};

}  // namespace sonde::llm
