// The walk behind ReturnFinder: one entry, all code that runs before the call returns.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/attach/jump_table.h"
#include "agent/attach/return_finder.h"

namespace sonde::attach {

class ReturnWalk {
 public:
  ReturnWalk(Disassembler& disassembler, const UnwindIndex& unwind,
             const std::unordered_set<uint64_t>& known_starts)
      : disassembler_(disassembler),
        image_(disassembler.image()),
        unwind_(unwind),
        known_starts_(known_starts) {}

  Returns run(uint64_t entry, uint64_t size_bytes);

 private:
  // A stretch of code: the function itself (number 0), its cold part, or a tail-called function.
  struct Body {
    uint64_t entry = 0;
    Range extent;          // empty: not known
    bool rejoins = false;  // jumps back into number 0: a cold part, nobody else's
    bool swept = false;
    size_t own_returns = 0;
    std::vector<size_t> leaves_to;
  };
  struct Work {
    uint64_t address = 0;
    size_t body = 0;
    InstructionTrace trace;
  };

  void walk(Work work);
  // Deals with one instruction; false when the straight line ends behind it.
  bool step(const Instruction& instruction, Work& work);
  void go_to(uint64_t target, const Work& from);
  void leave_to(uint64_t target, const Work& from);
  void on_indirect_jump(const Instruction& instruction, Work& work);
  void sweep(size_t body);
  size_t body_of(uint64_t target);
  bool inside(uint64_t target, const Body& body) const;
  void refuse(std::string reason) {
    if (refused_.empty()) refused_ = std::move(reason);
  }
  bool is_shared(uint64_t address, const Body& body) const;
  std::optional<uint64_t> forwards_to() const;
  Returns result() const;

  Disassembler& disassembler_;
  const ElfImage& image_;
  const UnwindIndex& unwind_;
  const std::unordered_set<uint64_t>& known_starts_;
  std::vector<Body> bodies_;
  std::deque<Work> pending_;
  std::unordered_map<uint64_t, size_t> visited_;  // instruction -> body
  std::vector<std::pair<uint64_t, size_t>> returns_;
  std::string refused_;
};

}  // namespace sonde::attach
