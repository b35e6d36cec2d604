#include "agent/attach/arm64_code.h"

namespace sonde::attach::arm64 {
namespace {

// The `bits` lowest bits of value, as a signed number.
int64_t sign_extend(uint64_t value, unsigned bits) {
  const uint64_t sign = uint64_t{1} << (bits - 1);
  value &= (sign << 1) - 1;
  return static_cast<int64_t>((value ^ sign) - sign);
}

uint64_t relative(uint64_t address, uint64_t field, unsigned bits) {
  return address + static_cast<uint64_t>(sign_extend(field, bits) * 4);
}

uint64_t adr_field(uint32_t word) { return ((word >> 5) & 0x7ffff) << 2 | ((word >> 29) & 3); }

}  // namespace

Instruction control_flow(uint64_t address, uint32_t word) {
  Instruction instruction{address, 4, Flow::kNext, 0};
  if ((word & 0xffff0000) == 0) instruction.flow = Flow::kStop;  // UDF, and zero padding
  if ((word & 0xfc000000) == 0x14000000) {                       // B
    instruction.flow = Flow::kJump;
    instruction.target = relative(address, word & 0x3ffffff, 26);
  } else if ((word & 0xfc000000) == 0x94000000) {  // BL
    instruction.flow = Flow::kCall;
    instruction.target = relative(address, word & 0x3ffffff, 26);
  } else if ((word & 0xff000000) == 0x54000000 || (word & 0x7e000000) == 0x34000000) {
    instruction.flow = Flow::kBranch;  // B.cond, CBZ, CBNZ
    instruction.target = relative(address, (word >> 5) & 0x7ffff, 19);
  } else if ((word & 0x7e000000) == 0x36000000) {  // TBZ, TBNZ
    instruction.flow = Flow::kBranch;
    instruction.target = relative(address, (word >> 5) & 0x3fff, 14);
  } else if ((word & 0xfffffc1f) == 0xd65f0000 || word == 0xd65f0bff || word == 0xd65f0fff) {
    instruction.flow = Flow::kReturn;  // RET, RETAA, RETAB
  } else if ((word & 0xfffffc1f) == 0xd61f0000 || (word & 0xfefff800) == 0xd61f0800) {
    instruction.flow = Flow::kIndirectJump;  // BR, BRAA and its kin
  } else if ((word & 0xfffffc1f) == 0xd63f0000 || (word & 0xfefff800) == 0xd63f0800) {
    instruction.flow = Flow::kCall;                // BLR, BLRAA and its kin
  } else if ((word & 0xffe0001f) == 0xd4200000) {  // BRK
    instruction.flow = Flow::kStop;
  }
  return instruction;
}

std::optional<PageAddress> adrp(uint64_t address, uint32_t word) {
  if ((word & 0x9f000000) != 0x90000000) return std::nullopt;
  const auto pages = static_cast<uint64_t>(sign_extend(adr_field(word), 21)) << 12;
  return PageAddress{(address & ~uint64_t{0xfff}) + pages, word & 31};
}

std::optional<PageAddress> adr(uint64_t address, uint32_t word) {
  if ((word & 0x9f000000) != 0x10000000) return std::nullopt;
  return PageAddress{address + static_cast<uint64_t>(sign_extend(adr_field(word), 21)), word & 31};
}

std::optional<AddImmediate> add_immediate(uint32_t word) {
  if ((word & 0xff800000) != 0x91000000) return std::nullopt;
  const unsigned shift = (word & 0x00400000) != 0 ? 12 : 0;
  return AddImmediate{word & 31, (word >> 5) & 31, uint64_t{(word >> 10) & 0xfff} << shift};
}

std::optional<AddImmediate> load_immediate(uint32_t word) {
  if ((word & 0xffc00000) != 0xf9400000) return std::nullopt;
  return AddImmediate{word & 31, (word >> 5) & 31, uint64_t{(word >> 10) & 0xfff} * 8};
}

std::optional<MoveImmediate> move_immediate(uint32_t word) {
  if ((word & 0x7fe00000) != 0x52800000) return std::nullopt;
  return MoveImmediate{word & 31, (word >> 5) & 0xffff};
}

}  // namespace sonde::attach::arm64
