// Head of an HTTP/1.x message: start line and field section (RFC 9112, 2.1 to 5), line by line.
//
// Lenient where receivers are (a lone LF ends a line, obs-fold is joined), strict where leniency
// would let two readers disagree about the framing.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/bytes.h"
#include "agent/base/limits.h"
#include "agent/http/message.h"
#include "agent/http/progress.h"
#include "agent/http/start_line.h"

namespace sonde::http {

class HeadParser {
 public:
  // `limits` is borrowed and outlives the parser.
  HeadParser(StartKind kind, const Limits& limits) : kind_(kind), limits_(&limits) {}

  // Takes lines off the front of `input` up to the empty line that ends the head.
  Progress consume(Bytes& input);
  // Ready for the next head; keeps its memory.
  void reset();

  // True before the first byte of a start line (empty lines before it do not count).
  bool empty() const { return lines_ == 0 && line_.empty(); }
  // After kMessage.
  Head& head() { return head_; }
  // After kInvalid: the line that did not fit, which may hold the start of a message.
  std::string& failed_line() { return line_; }
  bool too_big() const { return too_big_; }

 private:
  bool take_line(std::string_view line);
  bool take_field(std::string_view line);
  Progress fail(std::string_view line);

  StartKind kind_;
  const Limits* limits_;
  Head head_;
  std::string line_;  // the part of a line that earlier input held
  size_t lines_ = 0;
  size_t bytes_ = 0;
  bool whole_ = false;
  bool too_big_ = false;
};

}  // namespace sonde::http
