// One provider's API: how its requests, answers and streamed events are read into an Exchange.
//
// An instance serves one exchange and holds what its stream has built so far. It sees only values
// that were parsed already; transport, framing, limits and time are the assembler's.
#pragma once

#include <memory>
#include <string_view>

namespace sonde::llm {

class Json;
class Writer;

class Dialect {
 public:
  virtual ~Dialect() = default;

  // The whole request body.
  virtual void read_request(const Json& body, Writer& writer) = 0;
  // The whole body of an answer that was not streamed; also an error's.
  virtual void read_answer(const Json& body, Writer& writer) = 0;
  // One event of a streamed answer. `name` is the event's name where the framing has one (SSE
  // "event:", event-stream ":event-type"), else empty.
  virtual void read_event(std::string_view name, const Json& data, Writer& writer) = 0;
  // An event or a whole answer that is no JSON. False: this dialect knows no such thing.
  virtual bool read_text(std::string_view name, std::string_view text, Writer& writer);
  // No more events will come, whether the stream ended or was cut: write what was built.
  virtual void finish(Writer& writer) = 0;
  // True once an event said that the answer is whole (finish reason, stop event). The end marker
  // itself, "[DONE]", is framing.
  virtual bool ended() const = 0;
};

inline bool Dialect::read_text(std::string_view, std::string_view, Writer&) { return false; }

using DialectPtr = std::unique_ptr<Dialect>;

}  // namespace sonde::llm
