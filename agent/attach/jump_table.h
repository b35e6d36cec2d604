// What an indirect jump can reach: the jump tables compilers make of a switch, and PLT stubs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/attach/disassembler.h"

namespace sonde::attach {

// The last instructions before a point, oldest overwritten first: addresses only, decoded again
// when a jump must be explained.
class InstructionTrace {
 public:
  void push(uint64_t address) { ring_[count_++ % ring_.size()] = address; }
  // Newest first.
  std::vector<uint64_t> newest_first() const {
    std::vector<uint64_t> all;
    const size_t kept = count_ < ring_.size() ? count_ : ring_.size();
    for (size_t i = 1; i <= kept; ++i) all.push_back(ring_[(count_ - i) % ring_.size()]);
    return all;
  }

 private:
  std::array<uint64_t, 24> ring_{};
  size_t count_ = 0;
};

enum class JumpKind : uint8_t {
  kTable,            // targets known
  kTableUnresolved,  // certainly a table, but its bounds are not certain
  kStub,             // a PLT stub: `targets` holds the one function of this file behind it
  kForeign,          // a PLT stub to another file: `symbol`
  kPointer,          // a tail call through a pointer
};

struct JumpTargets {
  JumpKind kind = JumpKind::kPointer;
  std::vector<uint64_t> targets;
  std::string symbol;
};

// Explains the indirect jump at `address`; `trace` holds the instructions before it.
JumpTargets resolve_indirect_jump(Disassembler& disassembler, uint64_t address,
                                  const InstructionTrace& trace);

}  // namespace sonde::attach
