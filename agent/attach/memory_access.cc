#include "agent/attach/memory_access.h"

namespace sonde::attach {
namespace {

void add_fields(std::set<int64_t>& fields, int64_t offset, unsigned size_bytes) {
  if (size_bytes < 8) return;
  for (unsigned done = 0; done < size_bytes; done += 8) fields.insert(offset + done);
}

void add_x86(const cs_insn& instruction, MemoryAccess& access) {
  const cs_x86& x86 = instruction.detail->x86;
  for (uint8_t i = 0; i < x86.op_count; ++i) {
    const cs_x86_op& operand = x86.operands[i];
    if (operand.type != X86_OP_MEM || instruction.id == X86_INS_LEA) continue;
    const x86_reg base = full_register(operand.mem.base);
    const bool frame = base == X86_REG_RSP || (base == X86_REG_RBP && operand.mem.disp < 0);
    if (frame || base == X86_REG_INVALID || operand.mem.index != X86_REG_INVALID) continue;
    const bool compares = instruction.id == X86_INS_CMP || instruction.id == X86_INS_TEST;
    const bool plain_move = instruction.id == X86_INS_MOV || instruction.id == X86_INS_MOVUPS ||
                            instruction.id == X86_INS_MOVAPS || instruction.id == X86_INS_MOVDQU ||
                            instruction.id == X86_INS_VMOVUPS || instruction.id == X86_INS_VMOVDQU;
    const bool stores = i == 0 && !compares && x86.op_count >= 2;
    if (stores) add_fields(access.stores, operand.mem.disp, operand.size);
    if (!stores || !plain_move) add_fields(access.loads, operand.mem.disp, operand.size);
  }
}

// LDR/STR Xt, [Xn, #imm] and LDP/STP Xt, Xt2, [Xn, #imm]: the forms compilers use for fields.
void add_arm64(uint32_t word, MemoryAccess& access) {
  const unsigned base = (word >> 5) & 31;
  if (base == 31 || base == 29) return;
  if ((word & 0xff800000) == 0xf9000000) {
    const int64_t offset = int64_t{(word >> 10) & 0xfff} * 8;
    add_fields((word & 0x00400000) != 0 ? access.loads : access.stores, offset, 8);
  } else if ((word & 0xff800000) == 0xa9000000) {
    const int64_t field = (word >> 15) & 0x7f;
    const int64_t offset = (field >= 0x40 ? field - 0x80 : field) * 8;
    add_fields((word & 0x00400000) != 0 ? access.loads : access.stores, offset, 16);
  } else if ((word & 0xffc00000) == 0x3d800000 || (word & 0xffc00000) == 0x3dc00000) {
    const int64_t offset = int64_t{(word >> 10) & 0xfff} * 16;
    add_fields((word & 0x00400000) != 0 ? access.loads : access.stores, offset, 16);
  }
}

}  // namespace

MemoryAccess memory_access(Disassembler& disassembler, const std::vector<uint64_t>& code) {
  MemoryAccess access;
  for (const uint64_t address : code) {
    if (disassembler.image().machine() == Machine::kArm64) {
      if (const auto word = disassembler.image().integer<uint32_t>(address)) {
        add_arm64(*word, access);
      }
      continue;
    }
    const auto instruction = disassembler.decode(address);
    if (instruction && disassembler.detail() != nullptr) add_x86(*disassembler.detail(), access);
  }
  return access;
}

}  // namespace sonde::attach
