// Both directions of one HTTP/1.x connection: the k-th response answers the k-th request.
//
// The two directions are captured by different threads, so response bytes may come before the
// bytes of their request: they are held until it comes. A response whose request was never heard
// (joined late, a gap) is swallowed, so that it cannot be taken for the answer to another.
// Not thread-safe; pure.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/body.h"
#include "agent/http/http1_reader.h"
#include "agent/http/message.h"

namespace sonde::http {

// What the connection speaks from here on (RFC 9110, 7.8 and 9.3.6).
enum class NextProtocol : uint8_t {
  kHttp1,
  kWebSocket,
  kHttp2,   // h2c: the upgrading request is stream 1
  kTunnel,  // CONNECT: anything may follow
  kOther,   // upgraded to something not known here
};

class Http1Connection {
 public:
  // All borrowed. `joined_late`: neither direction is known to begin with a message. Exchanges are
  // numbered from `first`.
  Http1Connection(ExchangeHandler& handler, const Limits& limits, Counters& counters,
                  bool joined_late, ExchangeNumber first = 1);

  // Takes the next bytes of one direction. Once next_protocol() is not kHttp1, bytes are no longer
  // taken: what is left of `input` then belongs to the next protocol.
  void consume(StartKind direction, Bytes& input);
  // `count` bytes of that direction were lost (0: unknown how many).
  void gap(StartKind direction, uint64_t count);
  // Ends everything in flight.
  void close(Ending ending);

  NextProtocol next_protocol() const { return next_; }
  // The exchange that switched protocols, and the Sec-WebSocket-Extensions of its response. For
  // kWebSocket its request and response are left open: the next parser ends them.
  ExchangeNumber switched_exchange() const { return switched_exchange_; }
  const std::string& extensions() const { return extensions_; }
  // Bytes the client sent after the switching request, before the switch was heard.
  std::string take_unread_requests() {
    return request_reader_.take_unread() + std::exchange(held_requests_, {});
  }
  // Bytes of the server that came before `input` and follow the switch.
  std::string take_unread_responses() { return response_reader_.take_unread(); }
  // The number after the last one given.
  ExchangeNumber next_number() const { return next_number_; }

  // False when the pairing was lost for good (far too many unanswered requests).
  bool alive() const { return alive_; }

 private:
  struct Unanswered {
    ExchangeNumber number = 0;  // 0: not reported, above the limit
    std::string method;
    bool switching = false;     // asks for an upgrade or a tunnel
    bool end_deferred = false;  // its request end is reported with the response
  };
  // What the response being read is.
  enum class Answer : uint8_t {
    kNone,
    kInterim,     // 1xx: the final one follows
    kSwallowed,   // answers a request that was not heard
    kUnreported,  // answers a request above the limit
    kReported,
  };

  void consume_request(Bytes& input);
  void consume_response(Bytes& input);
  void request_gap(uint64_t count);
  void response_gap(uint64_t count);

  void pump_requests(Bytes& input);
  void on_request_event(const Http1Event& event);
  void on_request_head();
  void end_request(End end);
  bool awaits_switch() const;
  void hold_requests(Bytes& input);
  void release_requests();

  void pump_responses(Bytes& input);
  void on_response_event(const Http1Event& event);
  void on_response_head();
  void end_response(End end);
  bool switch_protocol(Unanswered& request, Head& head);
  void hold_responses(Bytes& input);
  void release_responses();
  bool requests_missing() const;
  void expire_unanswered();
  void settle(Unanswered& request);

  ExchangeHandler* handler_;
  const Limits* limits_;
  Counters* counters_;
  Http1Reader request_reader_;
  Http1Reader response_reader_;
  Body request_body_;
  Body response_body_;

  std::deque<Unanswered> unanswered_;
  ExchangeNumber next_number_;
  ExchangeNumber request_number_ = 0;  // whose body is being read; 0: none, or not reported
  bool in_request_ = false;
  Answer answer_ = Answer::kNone;
  std::string held_responses_;  // came before their requests
  std::string held_requests_;   // came before the answer to a switching request
  NextProtocol next_ = NextProtocol::kHttp1;
  ExchangeNumber switched_exchange_ = 0;
  std::string extensions_;
  bool pipelining_ = false;  // the client sent a request before the previous answer ended
  bool requests_heard_;      // requests are heard from a known message start on
  bool alive_ = true;
};

}  // namespace sonde::http
