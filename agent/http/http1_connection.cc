#include "agent/http/http1_connection.h"

#include <algorithm>
#include <utility>

#include "agent/http/framing.h"
#include "agent/http/text.h"

namespace sonde::http {
namespace {

using Kind = Http1Event::Kind;

// Requests above Limits::pipelined_requests are followed, unreported, up to this multiple of it.
constexpr size_t kUnreportedFactor = 16;

bool asks_to_switch(const Head& head) {
  return head.method == "CONNECT" || !head.field("upgrade").empty();
}

}  // namespace

Http1Connection::Http1Connection(ExchangeHandler& handler, const Limits& limits, Counters& counters,
                                 bool joined_late, ExchangeNumber first)
    : handler_(&handler),
      limits_(&limits),
      counters_(&counters),
      request_reader_(StartKind::kRequest, limits, counters, joined_late),
      response_reader_(StartKind::kResponse, limits, counters, joined_late),
      request_body_(limits, counters),
      response_body_(limits, counters),
      next_number_(first),
      requests_heard_(!joined_late) {}

void Http1Connection::consume(StartKind direction, Bytes& input) {
  direction == StartKind::kRequest ? consume_request(input) : consume_response(input);
}

void Http1Connection::gap(StartKind direction, uint64_t count) {
  if (next_ != NextProtocol::kHttp1 || !alive_) return;
  direction == StartKind::kRequest ? request_gap(count) : response_gap(count);
}

// ---- requests

void Http1Connection::consume_request(Bytes& input) {
  pump_requests(input);
  release_responses();
  release_requests();
}

void Http1Connection::pump_requests(Bytes& input) {
  while (next_ == NextProtocol::kHttp1 && alive_) {
    if (awaits_switch()) {
      hold_requests(input);
      return;
    }
    const Http1Event event = request_reader_.next(input);
    if (event.kind == Kind::kNeedMore) return;
    on_request_event(event);
  }
}

void Http1Connection::on_request_event(const Http1Event& event) {
  switch (event.kind) {
    case Kind::kHead:
      on_request_head();
      return;
    case Kind::kEnd:
      end_request(event.end);
      return;
    case Kind::kNeedMore:
      return;
    case Kind::kGap:
      if (request_number_ != 0 && request_body_.gap()) {
        handler_->on_request_gap(request_number_, event.lost_bytes);
      }
      return;
    case Kind::kBody:
      break;
  }
  if (request_number_ == 0) return;
  request_body_.consume(event.bytes,
                        [this](Bytes piece) { handler_->on_request_body(request_number_, piece); });
}

void Http1Connection::on_request_head() {
  // A client that does not pipeline has read the whole answer before it asks again: what is still
  // unanswered was lost, and a swallowed answer of unknown length is over.
  if (!pipelining_) {
    if (response_reader_.searching()) expire_unanswered();
    if (answer_ == Answer::kSwallowed) {
      answer_ = Answer::kNone;
      response_reader_.search();
    }
    pipelining_ = !unanswered_.empty();
  }
  requests_heard_ = true;

  const Head& head = request_reader_.head();
  Unanswered request{.method = head.method, .switching = asks_to_switch(head)};
  if (unanswered_.size() < limits_->pipelined_requests) {
    request.number = next_number_++;
  } else {
    counters_->add(Count::kHttpPipelineOverflow);
    alive_ = unanswered_.size() < limits_->pipelined_requests * kUnreportedFactor;
  }
  request_number_ = request.number;
  in_request_ = true;
  unanswered_.push_back(std::move(request));
  if (request_number_ != 0) {
    handler_->on_request_head(request_number_, head);
    request_body_.begin(head);
  }
  request_reader_.begin_body(request_framing(head));
}

void Http1Connection::end_request(End end) {
  in_request_ = false;
  const ExchangeNumber number = std::exchange(request_number_, 0);
  if (number == 0) return;
  const End result = request_body_.finish(end);
  // A request to switch stays open until its answer says whether its messages follow.
  const bool unanswered = !unanswered_.empty() && unanswered_.back().number == number;
  if (unanswered && unanswered_.back().switching && result == End::kComplete) {
    unanswered_.back().end_deferred = true;
    return;
  }
  if (unanswered) unanswered_.back().switching = false;
  handler_->on_request_end(number, result);
}

// Nothing may be read after a request to switch before its answer says what the bytes are.
bool Http1Connection::awaits_switch() const {
  return !in_request_ && !unanswered_.empty() && unanswered_.back().switching;
}

void Http1Connection::hold_requests(Bytes& input) {
  held_requests_ += as_text(input);
  input = {};
  // No answer for so long: it was refused, and the refusal was not heard.
  if (held_requests_.size() > limits_->reorder_bytes) settle(unanswered_.back());
}

void Http1Connection::release_requests() {
  if (held_requests_.empty() || awaits_switch() || next_ != NextProtocol::kHttp1) return;
  const std::string held = std::exchange(held_requests_, {});
  Bytes bytes = as_bytes(held);
  pump_requests(bytes);
}

void Http1Connection::settle(Unanswered& request) {
  request.switching = false;
  if (std::exchange(request.end_deferred, false)) {
    handler_->on_request_end(request.number, End::kComplete);
  }
}

void Http1Connection::request_gap(uint64_t count) {
  if (awaits_switch()) settle(unanswered_.back());
  release_requests();
  on_request_event(request_reader_.gap(count));
  if (request_reader_.searching()) requests_heard_ = false;
  Bytes none;
  consume_request(none);
}

// ---- responses

void Http1Connection::consume_response(Bytes& input) {
  pump_responses(input);
  release_requests();
}

void Http1Connection::pump_responses(Bytes& input) {
  while (next_ == NextProtocol::kHttp1 && alive_) {
    if (unanswered_.empty() && response_reader_.at_start() && !requests_missing()) {
      hold_responses(input);
      if (!requests_missing()) return;
      release_responses();
      return;
    }
    const Http1Event event = response_reader_.next(input);
    if (event.kind == Kind::kNeedMore) return;
    on_response_event(event);
  }
}

// Whether a response without a request is one whose request was not heard, rather than one that
// overtook it.
bool Http1Connection::requests_missing() const {
  return !requests_heard_ || request_reader_.searching();
}

void Http1Connection::hold_responses(Bytes& input) {
  held_responses_ += as_text(input);
  input = {};
  if (held_responses_.size() > limits_->reorder_bytes) requests_heard_ = false;
}

void Http1Connection::release_responses() {
  if (unanswered_.empty() && !requests_missing()) return;
  const std::string held = std::exchange(held_responses_, {});
  Bytes bytes = as_bytes(held);
  pump_responses(bytes);
}

void Http1Connection::on_response_event(const Http1Event& event) {
  switch (event.kind) {
    case Kind::kHead:
      on_response_head();
      return;
    case Kind::kEnd:
      end_response(event.end);
      return;
    case Kind::kNeedMore:
      return;
    case Kind::kGap:
      if (answer_ == Answer::kReported && response_body_.gap()) {
        handler_->on_response_gap(unanswered_.front().number, event.lost_bytes);
      }
      return;
    case Kind::kBody:
      break;
  }
  if (answer_ != Answer::kReported) return;
  response_body_.consume(event.bytes, [this](Bytes piece) {
    handler_->on_response_body(unanswered_.front().number, piece);
  });
}

void Http1Connection::on_response_head() {
  Head& head = response_reader_.head();
  if (unanswered_.empty()) {
    answer_ = Answer::kSwallowed;
    response_reader_.begin_body(response_framing(head, "GET"));
    return;
  }
  Unanswered& request = unanswered_.front();
  if (head.status / 100 == 1 && head.status != 101) {
    answer_ = Answer::kInterim;
    response_reader_.begin_body(response_framing(head, request.method));
    return;
  }
  if (switch_protocol(request, head)) return;
  settle(request);
  answer_ = request.number == 0 ? Answer::kUnreported : Answer::kReported;
  if (answer_ == Answer::kReported) {
    handler_->on_response_head(request.number, head);
    response_body_.begin(head);
  }
  response_reader_.begin_body(response_framing(head, request.method));
}

// True: the bytes after this head are not HTTP/1.x. The exchange is reported as far as it goes.
bool Http1Connection::switch_protocol(Unanswered& request, Head& head) {
  const bool tunnel = request.method == "CONNECT" && head.status / 100 == 2;
  if (!request.switching || (head.status != 101 && !tunnel)) return false;
  const std::string_view protocol = head.field("upgrade");
  if (tunnel) {
    next_ = NextProtocol::kTunnel;
  } else if (list_has_token(protocol, "websocket")) {
    next_ = NextProtocol::kWebSocket;
  } else {
    next_ = list_has_token(protocol, "h2c") ? NextProtocol::kHttp2 : NextProtocol::kOther;
  }
  switched_exchange_ = request.number;
  if (request.number == 0) return true;
  if (next_ != NextProtocol::kWebSocket) settle(request);
  if (next_ == NextProtocol::kHttp2) return true;  // the answer itself comes on stream 1
  if (next_ == NextProtocol::kWebSocket) {
    extensions_ = head.field("sec-websocket-extensions");
    head.version = Version::kWebSocket;
  }
  handler_->on_response_head(request.number, head);
  if (next_ != NextProtocol::kWebSocket) handler_->on_response_end(request.number, End::kComplete);
  return true;
}

void Http1Connection::end_response(End end) {
  const Answer answer = std::exchange(answer_, Answer::kNone);
  if (answer == Answer::kReported) {
    handler_->on_response_end(unanswered_.front().number, response_body_.finish(end));
  }
  if (answer == Answer::kReported || answer == Answer::kUnreported) unanswered_.pop_front();
}

void Http1Connection::response_gap(uint64_t count) {
  if (!held_responses_.empty()) {  // whether whole or not, it can no longer be told what follows
    held_responses_.clear();
    response_reader_.search();
  }
  on_response_event(response_reader_.gap(count));
  Bytes none;
  consume_response(none);
}

// ---- the end

// Nothing will answer these any more. One whose answer is under way is among them.
void Http1Connection::expire_unanswered() {
  answer_ = Answer::kNone;
  while (!unanswered_.empty()) {
    Unanswered& request = unanswered_.front();
    settle(request);
    if (request.number != 0) {
      handler_->on_response_end(request.number, End::kTruncated);
    }
    unanswered_.pop_front();
  }
}

void Http1Connection::close(Ending ending) {
  if (next_ != NextProtocol::kHttp1) return;
  const Http1Event request_end = request_reader_.close(ending);
  const Http1Event response_end = response_reader_.close(ending);
  on_request_event(request_end);
  on_response_event(response_end);
  expire_unanswered();
}

}  // namespace sonde::http
