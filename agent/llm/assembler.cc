#include "agent/llm/assembler.h"

#include <map>
#include <utility>

#include "agent/llm/call.h"

namespace sonde::llm {

class Assembler::Impl {
 public:
  Impl(const Limits& limits, Counters& counters, Sink sink)
      : limits_(limits), counters_(counters), sink_(std::move(sink)) {}

  void set_time(MonoTime mono, WallTime wall) {
    now_ = mono;
    wall_ = wall;
  }
  // The call of this number, made if it is new: a response may be the first that is heard.
  Call& call(http::ExchangeNumber number) {
    std::unique_ptr<Call>& slot = calls_[number];
    if (!slot) slot = std::make_unique<Call>(limits_, counters_, now_, wall_);
    return *slot;
  }
  void end_if_over(http::ExchangeNumber number) {
    const auto found = calls_.find(number);
    if (found == calls_.end() || !found->second->over()) return;
    const std::unique_ptr<Call> call = std::move(found->second);
    calls_.erase(found);
    emit(*call);
  }
  void finish() {
    const auto calls = std::exchange(calls_, {});
    for (const auto& [number, call] : calls) emit(*call);
  }

 private:
  void emit(Call& call) {
    if (std::optional<Exchange> exchange = call.release(now_)) sink_(std::move(*exchange));
  }

  const Limits& limits_;
  Counters& counters_;
  Sink sink_;
  MonoTime now_{};
  WallTime wall_{};
  // Ordered, so that finish() reports in the order of the requests. Bounded by what the HTTP layer
  // keeps open on one connection.
  std::map<http::ExchangeNumber, std::unique_ptr<Call>> calls_;
};

Assembler::Assembler(const Limits& limits, Counters& counters, Sink sink)
    : impl_(std::make_unique<Impl>(limits, counters, std::move(sink))) {}
Assembler::~Assembler() = default;

void Assembler::set_time(MonoTime mono, WallTime wall) { impl_->set_time(mono, wall); }
void Assembler::finish() { impl_->finish(); }

void Assembler::on_request_head(http::ExchangeNumber exchange, const http::Head& head) {
  impl_->call(exchange).request_head(head);
}
void Assembler::on_request_body(http::ExchangeNumber exchange, Bytes bytes) {
  impl_->call(exchange).request_body(as_text(bytes));
}
void Assembler::on_request_gap(http::ExchangeNumber exchange, uint64_t lost_bytes) {
  impl_->call(exchange).request_gap(lost_bytes);
}
void Assembler::on_request_end(http::ExchangeNumber exchange, http::End end) {
  impl_->call(exchange).request_end(end == http::End::kComplete);
  impl_->end_if_over(exchange);
}
void Assembler::on_response_head(http::ExchangeNumber exchange, const http::Head& head) {
  impl_->call(exchange).response_head(head);
}
void Assembler::on_response_body(http::ExchangeNumber exchange, Bytes bytes) {
  impl_->call(exchange).response_body(as_text(bytes));
}
void Assembler::on_response_gap(http::ExchangeNumber exchange, uint64_t lost_bytes) {
  impl_->call(exchange).response_gap(lost_bytes);
}
void Assembler::on_response_end(http::ExchangeNumber exchange, http::End end) {
  impl_->call(exchange).response_end(end == http::End::kComplete);
  impl_->end_if_over(exchange);
}

}  // namespace sonde::llm
