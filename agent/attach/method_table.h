// Tables of function pointers: constant ones, and those that code fills in at run time, which a
// compiler made of a constant table.
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

// R_*_RELATIVE relocations: place -> pointer.
std::map<uint64_t, uint64_t> relative_pointers(const ElfImage& image);

}  // namespace sonde::attach
