// What goes over one connection, as the pipeline drives it: HTTP, or JSON-RPC over standard input
// and output. Not thread-safe: owned by the pipeline.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/time.h"
#include "agent/capture/event.h"
#include "agent/llm/call_environment.h"
#include "agent/llm/context.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

class Talk {
 public:
  // A finished exchange; what its bytes do not say, the owner adds.
  using Sink = std::function<void(llm::Exchange&&)>;
  struct Shared {
    const Limits& limits;
    Counters& counters;
    llm::Context& context;
  };

  // By what carries it. `first` is the connection's first piece, which on_data() gets as well.
  static std::unique_ptr<Talk> begin(const capture::DataEvent& first, bool joined_late,
                                     const Shared& shared, Sink sink);
  virtual ~Talk() = default;

  // Told how an answer grows, where what carries it says so.
  using ProgressSink = std::function<void(const llm::Progress&)>;
  virtual void set_progress(const ProgressSink&) {}
  // Event time of what follows; `wall` is the same instant as `mono`.
  virtual void set_time(MonoTime mono, WallTime wall) = 0;
  virtual void on_data(const capture::DataEvent& event) = 0;
  // The end positions reveal what was lost behind the last piece.
  virtual void on_close(const capture::CloseEvent& event) = 0;
  // Ends what is in flight.
  virtual void finish(http::Ending ending) = 0;

  virtual bool worth_hearing() const = 0;
  virtual std::string_view side() const = 0;  // as in capture.side
  virtual bool joined_late() const = 0;
  virtual uint64_t lost_bytes() const = 0;
  virtual size_t held_bytes() const = 0;  // plaintext of exchanges in flight, about
};

}  // namespace sonde::app
