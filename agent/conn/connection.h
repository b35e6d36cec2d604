// One connection: two streams, the HTTP session that reads them, and the assembler that makes
// exchanges of it. Not thread-safe: owned by the table of a shard.
#pragma once

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/time.h"
#include "agent/capture/event.h"
#include "agent/conn/stream.h"
#include "agent/http/message.h"
#include "agent/http/session.h"

namespace sonde::conn {

class Connection {
 public:
  // `handler` receives the HTTP exchanges; borrowed, outlives the connection.
  Connection(const capture::ConnectionKey& key, uint32_t target, bool joined_late,
             http::ExchangeHandler& handler, const Limits& limits, Counters& counters);

  void on_data(const capture::DataEvent& event);
  // The handle was freed; the end positions reveal what was lost behind the last piece.
  void on_close(const capture::CloseEvent& event);
  // Ends what is in flight; on_close() does it too.
  void finish(http::Ending ending);

  const capture::ConnectionKey& key() const { return key_; }
  uint32_t target() const { return target_; }
  bool joined_late() const { return joined_late_; }
  uint64_t lost_bytes() const { return received_.lost_bytes() + sent_.lost_bytes(); }
  http::Side side() const { return session_.side(); }
  bool worth_hearing() const { return session_.worth_hearing(); }

 private:
  void feed(http::Direction direction, Stream& stream, uint64_t position, Bytes bytes,
            uint64_t original);

  capture::ConnectionKey key_;
  uint32_t target_;
  bool joined_late_;
  Stream received_;
  Stream sent_;
  http::Session session_;
};

}  // namespace sonde::conn
