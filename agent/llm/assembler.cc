#include "agent/llm/assembler.h"

#include <map>
#include <optional>
#include <utility>

#include "agent/llm/call.h"
#include "agent/llm/call_environment.h"
#include "agent/llm/context.h"
#include "agent/llm/socket_call.h"

namespace sonde::llm {
namespace {

// RFC 6455, 4.1 (HTTP/1.1); RFC 8441, 4 (HTTP/2).
bool opens_websocket(const http::Head& head) {
  if (head.version == http::Version::kWebSocket || head.field(":protocol") == "websocket") {
    return true;
  }
  const std::string_view upgrade = head.field("upgrade");
  constexpr std::string_view kName = "websocket";
  return std::equal(upgrade.begin(), upgrade.end(), kName.begin(), kName.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

// What is known of one HTTP exchange: a call, or the messages of a WebSocket.
struct Slot {
  std::optional<Call> call;
  std::optional<SocketCall> socket;
};

}  // namespace

class Assembler::Impl {
 public:
  Impl(const Limits& limits, Counters& counters, Sink sink, Context* shared)
      : own_context_(limits, counters),
        environment_{limits, counters, shared != nullptr ? *shared : own_context_,
                     std::move(sink)} {}

  void set_progress(std::function<void(const Progress&)> progress) {
    environment_.progress = std::move(progress);
  }
  void set_time(MonoTime mono, WallTime wall) {
    environment_.now = mono;
    environment_.wall = wall;
  }
  void request_head(http::ExchangeNumber number, const http::Head& head) {
    Slot& slot = calls_[number];
    if (opens_websocket(head)) {
      slot.call.reset();
      slot.socket.emplace(environment_).request_head(head);
    } else {
      call(number).request_head(head);
    }
  }
  SocketCall* socket(http::ExchangeNumber number) {
    const auto found = calls_.find(number);
    return found != calls_.end() && found->second.socket ? &*found->second.socket : nullptr;
  }
  // The call of this number, made if it is new: a response may be the first that is heard.
  Call& call(http::ExchangeNumber number) {
    Slot& slot = calls_[number];
    if (!slot.call) slot.call.emplace(environment_);
    return *slot.call;
  }
  void end_if_over(http::ExchangeNumber number) {
    const auto found = calls_.find(number);
    if (found == calls_.end()) return;
    const Slot& slot = found->second;
    const bool over = slot.socket ? slot.socket->over() : slot.call && slot.call->over();
    if (!over) return;
    const auto node = calls_.extract(found);
    release(node.mapped());
  }
  void finish() {
    auto calls = std::exchange(calls_, {});
    for (auto& [number, slot] : calls) release(slot);
  }
  size_t held_bytes() const {
    size_t bytes = 0;
    for (const auto& [number, slot] : calls_) {
      if (slot.call) bytes += slot.call->held_bytes();
      if (slot.socket) bytes += slot.socket->held_bytes();
    }
    return bytes;
  }

 private:
  static void release(Slot& slot) {
    if (slot.call) slot.call->release();
    if (slot.socket) slot.socket->release();
  }

  Context own_context_;
  CallEnvironment environment_;
  // Ordered, so that finish() reports in the order of the requests. Bounded by what the HTTP layer
  // keeps open on one connection.
  std::map<http::ExchangeNumber, Slot> calls_;
};

Assembler::Assembler(const Limits& limits, Counters& counters, Sink sink, Context* shared)
    : impl_(std::make_unique<Impl>(limits, counters, std::move(sink), shared)) {}
Assembler::~Assembler() = default;

void Assembler::set_progress(std::function<void(const Progress&)> progress) {
  impl_->set_progress(std::move(progress));
}
void Assembler::set_time(MonoTime mono, WallTime wall) { impl_->set_time(mono, wall); }
void Assembler::finish() { impl_->finish(); }
size_t Assembler::held_bytes() const { return impl_->held_bytes(); }

void Assembler::on_request_head(http::ExchangeNumber exchange, const http::Head& head) {
  impl_->request_head(exchange, head);
}
void Assembler::on_request_body(http::ExchangeNumber exchange, Bytes bytes) {
  if (SocketCall* const socket = impl_->socket(exchange)) {
    return socket->client_message(as_text(bytes));
  }
  impl_->call(exchange).request_body(as_text(bytes));
}
void Assembler::on_request_gap(http::ExchangeNumber exchange, uint64_t lost_bytes) {
  if (SocketCall* const socket = impl_->socket(exchange)) return socket->gap(lost_bytes);
  impl_->call(exchange).request_gap(lost_bytes);
}
void Assembler::on_request_end(http::ExchangeNumber exchange, http::End end) {
  if (SocketCall* const socket = impl_->socket(exchange)) {
    socket->request_end();
  } else {
    impl_->call(exchange).request_end(end == http::End::kComplete);
  }
  impl_->end_if_over(exchange);
}
void Assembler::on_response_head(http::ExchangeNumber exchange, const http::Head& head) {
  if (SocketCall* const socket = impl_->socket(exchange)) return socket->response_head(head);
  impl_->call(exchange).response_head(head);
}
void Assembler::on_response_body(http::ExchangeNumber exchange, Bytes bytes) {
  if (SocketCall* const socket = impl_->socket(exchange)) {
    return socket->server_message(as_text(bytes));
  }
  impl_->call(exchange).response_body(as_text(bytes));
}
void Assembler::on_response_gap(http::ExchangeNumber exchange, uint64_t lost_bytes) {
  if (SocketCall* const socket = impl_->socket(exchange)) return socket->gap(lost_bytes);
  impl_->call(exchange).response_gap(lost_bytes);
}
void Assembler::on_response_end(http::ExchangeNumber exchange, http::End end) {
  if (SocketCall* const socket = impl_->socket(exchange)) {
    socket->response_end();
  } else {
    impl_->call(exchange).response_end(end == http::End::kComplete);
  }
  impl_->end_if_over(exchange);
}

}  // namespace sonde::llm
