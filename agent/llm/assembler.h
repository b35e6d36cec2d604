// From HTTP messages to exchanges: one assembler per connection, fed by its http::Session.
//
// Chooses the dialect by host, path, headers and the shape of the body; keeps nothing of messages
// that are not LLM traffic. Not thread-safe; pure but for the event time it is told.
#pragma once

#include <functional>
#include <memory>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/time.h"
#include "agent/http/message.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

struct Context;
struct Progress;

// What is known of a connection apart from its bytes; the owner fills Exchange::process, container,
// kubernetes, network, id from it when the exchange is handed out.
class Assembler final : public http::ExchangeHandler {
 public:
  // Called once for each finished LLM exchange, with request, answer, http facts (Exchange::http,
  // network.host), start_time and duration_ms filled; the callee owns it from then on.
  using Sink = std::function<void(Exchange&&)>;

  // `shared` is borrowed and outlives the assembler; without one, exchanges that begin on one
  // connection and are answered on another stay in two halves, and keys have no fingerprint.
  Assembler(const Limits& limits, Counters& counters, Sink sink, Context* shared = nullptr);
  ~Assembler() override;

  // Told of answers while they come, token by token; of those that are streamed. Before the first
  // byte.
  void set_progress(std::function<void(const Progress&)> progress);

  // Event time of the bytes that are about to be parsed. `wall` is the same instant as `mono`.
  void set_time(MonoTime mono, WallTime wall);
  // Ends what is still in flight as incomplete.
  void finish();
  // Plaintext of exchanges in flight, in bytes; about, for a limit over all connections.
  size_t held_bytes() const;

  void on_request_head(http::ExchangeNumber exchange, const http::Head& head) override;
  void on_request_body(http::ExchangeNumber exchange, Bytes bytes) override;
  void on_request_gap(http::ExchangeNumber exchange, uint64_t lost_bytes) override;
  void on_request_end(http::ExchangeNumber exchange, http::End end) override;
  void on_response_head(http::ExchangeNumber exchange, const http::Head& head) override;
  void on_response_body(http::ExchangeNumber exchange, Bytes bytes) override;
  void on_response_gap(http::ExchangeNumber exchange, uint64_t lost_bytes) override;
  void on_response_end(http::ExchangeNumber exchange, http::End end) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::llm
