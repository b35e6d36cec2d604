// The body of one message: undoes its codings, holds it to the limits, knows whether all was heard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/content_coding.h"
#include "agent/http/message.h"

namespace sonde::http {

class Body {
 public:
  // `limits` and `counters` are borrowed and outlive the body.
  Body(const Limits& limits, Counters& counters) : limits_(&limits), counters_(&counters) {}

  // A message begins; its Content-Encoding and Transfer-Encoding fields name the codings.
  void begin(const Head& head);
  // Calls `deliver(Bytes)` with each decoded piece, borrowed for the call; without codings the one
  // piece is the input itself.
  template <typename Deliver>
  void consume(Bytes input, Deliver&& deliver) {
    if (unknown_coding_ && !hold(input)) return;
    if (!held_.empty()) {
      const std::string held = std::exchange(held_, {});
      return drain(as_bytes(held), deliver);
    }
    drain(input, deliver);
  }
  // Delivers what was held back while the coding was unknown; before gap() and finish(), where
  // fields of the head may not have been heard (HTTP/2).
  template <typename Deliver>
  void flush(Deliver&& deliver) {
    if (!unknown_coding_ || held_.empty()) return;
    const std::string held = std::exchange(held_, {});
    choose_coding(as_bytes(held));
    drain(as_bytes(held), deliver);
  }
  // Encoded bytes are missing here. False: nothing after them can be decoded any more, or the gap
  // lies in a part that was cut anyway; the caller then reports nothing.
  bool gap();
  // How the message ended for its reader, given how its framing ended.
  End finish(End framing);

 private:
  template <typename Deliver>
  void drain(Bytes input, Deliver&& deliver) {
    for (Bytes piece = next(input); !piece.empty(); piece = next(input)) deliver(piece);
  }
  // True once enough was held back to choose the coding.
  bool hold(Bytes input);
  Bytes next(Bytes& input);
  void choose_coding(Bytes first);
  void fail();
  Bytes limited(Bytes piece);

  const Limits* limits_;
  Counters* counters_;
  std::optional<CodingChain> chain_;  // none: identity
  uint64_t delivered_ = 0;
  bool unknown_coding_ = false;  // its field was not heard, and it was not chosen yet
  std::string held_;             // what came until then
  bool cut_ = false;             // nothing more is delivered
  bool incomplete_ = false;      // something is missing
};

}  // namespace sonde::http
