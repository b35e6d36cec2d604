// The HTTP view of one connection: finds out which protocol it speaks and who is the client, feeds
// the two directions to the parsers, and pairs responses with requests.
//
// Joined late is normal: a session may begin in the middle of anything; it searches each direction
// for the next message and marks what it could not hear from its start. Not thread-safe: owned by a
// connection, which a shard owns. Pure: no clock, no log, no I/O.
#pragma once

#include <cstdint>
#include <memory>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/message.h"

namespace sonde::http {

// Direction of bytes as the watched process sees it.
enum class Direction : uint8_t { kReceived = 0, kSent = 1 };

class Session {
 public:
  // `handler`, `limits` and `counters` are borrowed and outlive the session. `joined_late` says
  // that the connection was open before capture began.
  Session(ExchangeHandler& handler, const Limits& limits, Counters& counters, bool joined_late);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // The next bytes of one direction, contiguous with what came before.
  void consume(Direction direction, Bytes bytes);
  // `count` bytes of this direction were lost here (0: unknown how many); parsing resynchronises.
  void gap(Direction direction, uint64_t count);
  // What is in flight ends.
  void close(Ending ending = Ending::kClosed);

  Side side() const;
  // False once it is certain that the connection speaks no protocol known here; its bytes are then
  // ignored and the caller may stop listening to it.
  bool worth_hearing() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::http
