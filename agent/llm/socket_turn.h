// One answer over a WebSocket with what led to it, until it goes to the sink.
#pragma once

#include "agent/llm/call_environment.h"
#include "agent/llm/exchange.h"
#include "agent/llm/writer.h"

namespace sonde::llm {

class SocketTurn {
 public:
  // Borrowed; `base` holds what every exchange of the socket begins with.
  SocketTurn(CallEnvironment& environment, const Exchange& base);
  SocketTurn(const SocketTurn&) = delete;
  SocketTurn& operator=(const SocketTurn&) = delete;

  Exchange& exchange() { return exchange_; }
  Writer& writer() { return writer_; }
  void lose() { lost_ = true; }
  // Hands the exchange out. `ended`: the answer said that it is whole. Once.
  void emit(bool ended);

 private:
  CallEnvironment& environment_;
  Exchange exchange_;
  Writer writer_;
  MonoTime start_;
  bool lost_ = false;
};

}  // namespace sonde::llm
