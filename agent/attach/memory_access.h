// Which fields of structures does a function load and store? Offsets from pointers, not from the
// stack or frame pointer; the evidence that a function changes an object rather than looks at it.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "agent/attach/disassembler.h"

namespace sonde::attach {

// Offsets of 8-byte fields; a 16-byte access touches two.
struct MemoryAccess {
  std::set<int64_t> loads;
  std::set<int64_t> stores;
};

MemoryAccess memory_access(Disassembler& disassembler, const std::vector<uint64_t>& code);

}  // namespace sonde::attach
