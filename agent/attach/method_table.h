// Tables of function pointers that code fills in at run time, which a compiler made of a constant
// table: read by following the values through straight-line code.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "agent/attach/disassembler.h"

namespace sonde::attach {

// Absolute address -> 8-byte value stored there by this code (x86-64), as far as the value is an
// address or constant that the code itself forms. Branches are ignored: later stores win.
std::map<uint64_t, uint64_t> stored_words(Disassembler& disassembler,
                                          const std::vector<uint64_t>& code);

}  // namespace sonde::attach
