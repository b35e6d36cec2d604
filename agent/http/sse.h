// Server-sent events (WHATWG HTML, 9.2.6): an event stream as its bytes come, cut anywhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/base/bytes.h"
#include "agent/base/limits.h"
#include "agent/http/progress.h"

namespace sonde::http {

struct SseEvent {
  std::string event = "message";  // the type; "message" where the stream names none
  std::string data;               // data lines joined with LF
  std::string id;                 // the last one seen in the stream
};

class SseParser {
 public:
  // `limits` is borrowed: sse_event_bytes bounds one event.
  explicit SseParser(const Limits& limits) : limits_(&limits) {}

  // Takes all bytes and appends the events that became whole. kMessage: at least one did.
  // kInvalid: an event was larger than the limit and is left out; parsing goes on after it.
  Progress consume(Bytes bytes, std::vector<SseEvent>& out);
  // The stream ended. By the standard an event without its empty line is discarded; servers that
  // close without it are common, so an event whose data was read is handed out.
  Progress finish(std::vector<SseEvent>& out);
  // Bytes are missing here: the event they touch is dropped, the next empty line starts afresh.
  void gap();

 private:
  void take_line(std::string_view line, std::vector<SseEvent>& out);
  void take_field(std::string_view name, std::string_view value);
  void dispatch(std::vector<SseEvent>& out);
  void end_line(std::string_view line, std::vector<SseEvent>& out);
  void keep(std::string_view part);

  const Limits* limits_;
  std::string line_;  // the part of a line that earlier bytes held
  std::string type_;
  std::string data_;
  std::string last_id_;
  bool has_data_ = false;
  bool first_line_ = true;     // may begin with a byte order mark
  bool after_return_ = false;  // a LF that comes next belongs to the CR before it
  bool skipping_ = false;      // the event under way is too large, or was touched by a gap
  bool oversized_ = false;
};

}  // namespace sonde::http
