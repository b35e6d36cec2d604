// Messages of one direction of an HTTP/1.x connection, as a sequence of events that the owner
// pulls. The owner decides the framing after each head, because a response's depends on its
// request.
//
// When the framing is lost (joined late, a gap, malformed bytes) the reader searches for the next
// head; what it skips is nobody's message. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/chunked.h"
#include "agent/http/framing.h"
#include "agent/http/head_parser.h"
#include "agent/http/message.h"

namespace sonde::http {

struct Http1Event {
  enum class Kind : uint8_t {
    kNeedMore,
    kHead,  // head() is valid until begin_body(), which must be the next call
    kBody,  // `bytes`: body without its transfer framing, borrowed from the input
    kGap,   // `lost_bytes` of the body are missing here
    kEnd,   // the message is over; `end` says how
  };
  Kind kind = Kind::kNeedMore;
  Bytes bytes;
  uint64_t lost_bytes = 0;
  End end = End::kComplete;
};

class Http1Reader {
 public:
  // `limits` and `counters` are borrowed. `searching`: the stream does not begin with a message.
  Http1Reader(StartKind kind, const Limits& limits, Counters& counters, bool searching);
  Http1Reader(const Http1Reader&) = delete;
  Http1Reader& operator=(const Http1Reader&) = delete;

  // The next event; takes what it describes off the front of `input`. To be called until it says
  // kNeedMore (input is empty then), also after begin_body() and gap(): an end needs no bytes.
  Http1Event next(Bytes& input);
  // After kHead. nullopt: the framing is unknowable, the message ends here.
  void begin_body(std::optional<Framing> framing);
  // Bytes were lost here (0: unknown how many). kGap: the body continues; kEnd: the message was
  // cut; kNeedMore: no message was under way, or only its head.
  Http1Event gap(uint64_t count);
  // The connection is over. kEnd if a body was under way.
  Http1Event close(Ending ending);
  // Gives up the message under way without an event and searches for the next one.
  void search();

  Head& head() { return head_parser_.head(); }
  bool searching() const { return state_ == State::kSearch || tentative_; }
  // Between two messages, and in step with the stream.
  bool at_start() const { return state_ == State::kHead && !tentative_ && head_parser_.empty(); }
  // Bytes taken earlier that were not read yet: they come before any new input. Empty unless the
  // owner stopped pulling.
  std::string take_unread() { return std::string(as_text(std::exchange(replay_, {}))); }

 private:
  enum class State : uint8_t { kHead, kSearch, kFraming, kBody, kEmptyBody, kUnframed };

  Http1Event step(Bytes& input);
  Http1Event read_head(Bytes& input);
  void reject_head(Bytes& input);
  bool acceptable_head();
  void find_head(Bytes& input);
  Http1Event read_body(Bytes& input);
  Http1Event read_length_body(Bytes& input);
  Http1Event finish(End end);
  Http1Event cut();

  StartKind kind_;
  const Limits* limits_;
  Counters* counters_;
  HeadParser head_parser_;
  ChunkedDecoder chunked_;
  Framing framing_;
  State state_;
  bool tentative_ = false;   // the head being read was found by searching, it may be body text
  bool incomplete_ = false;  // a gap was skipped inside this body
  std::string carry_;     // searching: the end of what was searched, where a start line may begin
  std::string replayed_;  // bytes that were searched and begin with a start line
  Bytes replay_;          // what is still to be read of them, before any new input
};

}  // namespace sonde::http
