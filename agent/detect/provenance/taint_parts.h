// What the judgement of a call is made of: shared by the sources of TaintTracker alone.
#pragma once

#include "agent/detect/provenance/taint.h"

namespace sonde::detect {

// From this score on the learned model rather thinks of an attack than not.
inline constexpr double kRather = 0.65;

// A tool whose name says nothing may do anything.
inline bool is_read_only(Actions actions) { return actions != 0 && (actions & ~kReadOnly) == 0; }

struct TaintTracker::Call {
  Tokens name;
  Actions actions = 0;
  std::vector<Argument> arguments;
};

struct TaintTracker::Score {
  double points = 0;
  std::vector<TaintEvidence> evidence;
  const Argument* best = nullptr;
  double best_points = 0;
  size_t values = 0;
  bool object = false;   // the order names what the tool works on
  bool spelled = false;  // and its verb
  bool carries = false;  // the address takes words of the conversation with it

  void add(std::string_view reason, double value) {
    points += value;
    evidence.push_back({reason, value});
  }
};

}  // namespace sonde::detect
