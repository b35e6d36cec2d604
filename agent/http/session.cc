#include "agent/http/session.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "agent/http/http1_connection.h"
#include "agent/http/start_line.h"

namespace sonde::http {
namespace {

// A connection joined late is given up when this much of both directions, or that much of one,
// held no message start. One direction alone may be a long upload or a long stream of events.
constexpr uint64_t kSearchBoth = 64 << 10;
constexpr uint64_t kSearchOne = 16 << 20;

enum class Guess : uint8_t { kUndecided, kRequest, kResponse, kUnknown };

Direction opposite(Direction direction) {
  return direction == Direction::kReceived ? Direction::kSent : Direction::kReceived;
}

// What the first bytes of a direction that is heard from its start are.
Guess guess_start(std::string_view text) {
  while (text.starts_with('\r') || text.starts_with('\n')) text.remove_prefix(1);
  const Likeness response = starts_like(StartKind::kResponse, text);
  if (response == Likeness::kYes) return Guess::kResponse;
  const Likeness request = starts_like(StartKind::kRequest, text);
  if (request == Likeness::kYes) return Guess::kRequest;
  const bool open = response == Likeness::kMaybe || request == Likeness::kMaybe;
  return open ? Guess::kUndecided : Guess::kUnknown;
}

}  // namespace

class Session::Impl {
 public:
  Impl(ExchangeHandler& handler, const Limits& limits, Counters& counters, bool joined_late)
      : handler_(handler), limits_(limits), counters_(counters), joined_late_(joined_late) {}

  void consume(Direction direction, Bytes bytes) {
    if (given_up_ || bytes.empty()) return;
    if (http1_) {
      feed_http1(direction, bytes);
    } else {
      detect(direction, bytes);
    }
  }

  void gap(Direction direction, uint64_t count) {
    if (given_up_) return;
    if (http1_) {
      direction == client_direction() ? http1_->request_gap(count) : http1_->response_gap(count);
      return;
    }
    joined_late_ = true;
    pending(direction).clear();
  }

  void close() {
    if (http1_) http1_->close();
    http1_.reset();
    given_up_ = true;
  }

  Side side() const { return side_; }
  bool worth_hearing() const { return !given_up_; }

 private:
  std::string& pending(Direction direction) { return pending_[static_cast<size_t>(direction)]; }
  uint64_t& searched(Direction direction) { return searched_[static_cast<size_t>(direction)]; }
  // The direction requests travel in.
  Direction client_direction() const {
    return side_ == Side::kClient ? Direction::kSent : Direction::kReceived;
  }

  void detect(Direction direction, Bytes bytes) {
    std::string& text = pending(direction);
    text += as_text(bytes);
    searched(direction) += bytes.size();
    const Guess guess = joined_late_ ? search_start(text) : guess_start(text);
    switch (guess) {
      case Guess::kRequest:
        begin_http1(direction);
        return;
      case Guess::kResponse:
        begin_http1(opposite(direction));
        return;
      case Guess::kUnknown:
        give_up();
        return;
      case Guess::kUndecided:
        break;
    }
    const uint64_t here = searched(direction);
    const uint64_t there = searched(opposite(direction));
    if (std::min(here, there) > kSearchBoth || here > kSearchOne) give_up();
  }

  // Looks for a start line of either kind; keeps only what may become one.
  Guess search_start(std::string& text) {
    const StartSearch request = find_start(StartKind::kRequest, text);
    const StartSearch response = find_start(StartKind::kResponse, text);
    const bool request_first = request.offset <= response.offset;
    const StartSearch& first = request_first ? request : response;
    if (first.likeness == Likeness::kYes) {
      text.erase(0, first.offset);
      return request_first ? Guess::kRequest : Guess::kResponse;
    }
    text.erase(0, std::min(request.offset, response.offset));
    if (text.size() > limits_.header_bytes) text.clear();
    return Guess::kUndecided;
  }

  void begin_http1(Direction requests) {
    side_ = requests == Direction::kSent ? Side::kClient : Side::kServer;
    http1_.emplace(handler_, limits_, counters_, joined_late_, next_number_);
    const std::string request_bytes = std::exchange(pending(requests), {});
    const std::string response_bytes = std::exchange(pending(opposite(requests)), {});
    feed_http1(requests, as_bytes(request_bytes));
    if (!response_bytes.empty()) consume(opposite(requests), as_bytes(response_bytes));
  }

  void feed_http1(Direction direction, Bytes bytes) {
    direction == client_direction() ? http1_->consume_request(bytes)
                                    : http1_->consume_response(bytes);
    if (!http1_->alive()) {
      give_up();
    } else if (http1_->next_protocol() != NextProtocol::kHttp1) {
      switch_protocol(direction, bytes);
    }
  }

  void switch_protocol(Direction direction, Bytes rest) {
    const NextProtocol next = http1_->next_protocol();
    next_number_ = http1_->next_number();
    const Direction requests = client_direction();
    const std::string client_bytes = http1_->take_unread_requests();
    const std::string server_bytes = http1_->take_unread_responses();
    if (next != NextProtocol::kTunnel) {
      give_up();
      return;
    }
    // Whatever the tunnel carries begins anew, from its first byte.
    http1_.reset();
    joined_late_ = false;
    side_ = Side::kUnknown;
    searched_ = {};
    consume(requests, as_bytes(client_bytes));
    consume(opposite(requests), as_bytes(server_bytes));
    consume(direction, rest);
  }

  void give_up() {
    if (http1_) http1_->close();
    http1_.reset();
    for (std::string& text : pending_) text = {};
    counters_.add(Count::kConnectionsNotHttp);
    given_up_ = true;
  }

  ExchangeHandler& handler_;
  const Limits& limits_;
  Counters& counters_;
  bool joined_late_;
  bool given_up_ = false;
  Side side_ = Side::kUnknown;
  ExchangeNumber next_number_ = 1;
  std::array<std::string, 2> pending_;  // by direction: bytes before the protocol is known
  std::array<uint64_t, 2> searched_{};  // by direction: bytes looked at for that
  std::optional<Http1Connection> http1_;
};

Session::Session(ExchangeHandler& handler, const Limits& limits, Counters& counters,
                 bool joined_late)
    : impl_(std::make_unique<Impl>(handler, limits, counters, joined_late)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::consume(Direction direction, Bytes bytes) { impl_->consume(direction, bytes); }
void Session::gap(Direction direction, uint64_t count) { impl_->gap(direction, count); }
void Session::close() { impl_->close(); }
Side Session::side() const { return impl_->side(); }
bool Session::worth_hearing() const { return impl_->worth_hearing(); }

}  // namespace sonde::http
