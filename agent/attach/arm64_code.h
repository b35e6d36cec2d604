// The few A64 encodings the locators read by themselves (Arm ARM DDI 0487, C4.1): control flow and
// the pairs that build an address.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/attach/disassembler.h"

namespace sonde::attach::arm64 {

// How control leaves the instruction: UDF, the word 0 of padding among it, is a trap.
Instruction control_flow(uint64_t address, uint32_t word);

// ADRP Xd: the page it names, and d.
struct PageAddress {
  uint64_t page = 0;
  unsigned destination = 0;
};
std::optional<PageAddress> adrp(uint64_t address, uint32_t word);
// ADR Xd, label.
std::optional<PageAddress> adr(uint64_t address, uint32_t word);

// ADD Xd, Xn, #imm (no flags, 64-bit).
struct AddImmediate {
  unsigned destination = 0;
  unsigned source = 0;
  uint64_t value = 0;
};
std::optional<AddImmediate> add_immediate(uint32_t word);

// LDR Xt, [Xn, #imm] (unsigned offset, 64-bit): the second half of a GOT load.
std::optional<AddImmediate> load_immediate(uint32_t word);

// MOVZ Wd/Xd, #imm without shift.
struct MoveImmediate {
  unsigned destination = 0;
  uint64_t value = 0;
};
std::optional<MoveImmediate> move_immediate(uint32_t word);

}  // namespace sonde::attach::arm64
