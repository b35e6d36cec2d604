// Model Context Protocol over the pipes of a child process: a JSON-RPC message on each line
// (revision 2025-06-18, "stdio").
//
// Lines that are no such message, as careless servers print them, are passed over. Not thread-safe.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/base/time.h"
#include "agent/http/session.h"
#include "agent/llm/context.h"
#include "agent/llm/exchange.h"
#include "agent/llm/json.h"

namespace sonde::llm {

class McpStdio {
 public:
  using Sink = std::function<void(Exchange&&)>;

  // All but `sink` are borrowed. The owner fills process and capture of what the sink gets.
  McpStdio(const Limits& limits, Counters& counters, Context& shared, Sink sink);

  // Event time of the bytes that are about to be parsed.
  void set_time(MonoTime mono, WallTime wall);
  // The next bytes of one direction, as the watched process sees it.
  void consume(http::Direction direction, Bytes bytes);
  // Bytes of this direction are missing here: the line they touch is dropped.
  void gap(http::Direction direction, uint64_t lost_bytes);
  // The pipes are closed: what is unanswered is reported as incomplete.
  void finish();

  // Plaintext that waits for the end of its line, in bytes.
  size_t held_bytes() const { return lanes_[0].line.size() + lanes_[1].line.size(); }
  // False once enough was heard to say that these pipes carry something else.
  bool worth_hearing() const { return messages_ != 0 || strange_lines_ < kStrangeLines; }

 private:
  static constexpr size_t kStrangeLines = 64;
  struct Lane {
    std::string line;
    bool skipping = false;  // the rest of a line that a gap or the limit spoilt
  };

  void end_line(http::Direction direction, Lane& lane);

  const Limits& limits_;
  Counters& counters_;
  Context& shared_;
  Sink sink_;
  uint64_t scope_;
  Exchange base_;
  MonoTime now_;
  WallTime wall_;
  JsonParser parser_;
  std::array<Lane, 2> lanes_;  // by direction
  size_t messages_ = 0;
  size_t strange_lines_ = 0;
};

}  // namespace sonde::llm
