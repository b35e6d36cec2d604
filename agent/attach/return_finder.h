// Where does a call of this function end? Every RET reached from its entry, by recursive
// disassembly: never a byte pattern, so that a probe never lands inside an instruction.
//
// Tail jumps are followed into their targets, PLT stubs into functions of the same file. Jumps that
// cannot be followed (a pointer in a register) make the answer a refusal: a missing RET would lose
// the return, and an entry without return is worse than no probe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "agent/attach/disassembler.h"
#include "agent/attach/locator.h"
#include "agent/attach/unwind_index.h"

namespace sonde::attach {

struct Returns {
  std::vector<ReturnSite> sites;  // empty when refused
  std::string refused;
  // Set when the function does nothing but jump to this other function (a stub): a probe on the
  // target hears every call of the stub too.
  std::optional<uint64_t> forwards_to;
  // The function's own instructions, cold parts included, tail-called functions not; sorted.
  std::vector<uint64_t> instructions;
};

// Borrows all; one per search.
class ReturnFinder {
 public:
  ReturnFinder(Disassembler& disassembler, const UnwindIndex& unwind)
      : disassembler_(disassembler), unwind_(unwind) {}

  // `size_bytes` of the function's symbol, or 0: then .eh_frame is asked, and a function known to
  // neither is walked without a known end.
  Returns find(uint64_t entry, uint64_t size_bytes);

  // Addresses known to begin functions: a jump there is a tail call, code does not fall into them.
  // Needed only where .eh_frame is missing.
  void add_known_start(uint64_t address) { known_starts_.insert(address); }

 private:
  Disassembler& disassembler_;
  const UnwindIndex& unwind_;
  std::unordered_set<uint64_t> known_starts_;
};

}  // namespace sonde::attach
