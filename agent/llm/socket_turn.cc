#include "agent/llm/socket_turn.h"

#include <utility>

namespace sonde::llm {

SocketTurn::SocketTurn(CallEnvironment& environment, const Exchange& base)
    : environment_(environment),
      exchange_(base),
      writer_(exchange_, environment.limits, environment.counters),
      start_(environment.now) {
  exchange_.start_time = environment.wall;
  exchange_.stream = true;
  exchange_.operation = "chat";
}

void SocketTurn::emit(bool ended) {
  environment_.counters.add(Count::kExchangesSeen);
  exchange_.capture.complete =
      ended && !lost_ && !writer_.truncated() && !exchange_.capture.joined_late;
  if (!exchange_.capture.complete) environment_.counters.add(Count::kExchangesIncomplete);
  exchange_.duration_ms =
      std::chrono::duration<double, std::milli>(environment_.now - start_).count();
  complete_exchange(exchange_);
  environment_.sink(std::move(exchange_));
}

}  // namespace sonde::llm
