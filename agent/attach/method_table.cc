#include "agent/attach/method_table.h"

#include <array>
#include <cstring>
#include <optional>

#include <elf.h>

namespace sonde::attach {
namespace {

using Word = std::optional<uint64_t>;

bool is_vector(unsigned reg) { return reg >= X86_REG_XMM0 && reg <= X86_REG_XMM15; }

// Registers, vector registers as two words, and the stack frame, as far as they are known.
class Values {
 public:
  void run(const Instruction& instruction, const cs_insn& detail) {
    const cs_x86& x86 = detail.detail->x86;
    if (x86.op_count < 2) return;
    next_ = instruction.next();
    const cs_x86_op& to = x86.operands[0];
    const cs_x86_op& from = x86.operands[1];
    switch (detail.id) {
      case X86_INS_LEA:
        set(to.reg, from.mem.base == X86_REG_RIP ? Word(address(from)) : Word());
        return;
      case X86_INS_PUNPCKLQDQ:
      case X86_INS_VPUNPCKLQDQ:
        return unpack_low(x86);
      case X86_INS_MOVHPS:
      case X86_INS_MOVHPD:
        return move_high(to, from);
      case X86_INS_MOV:
      case X86_INS_MOVABS:
      case X86_INS_MOVQ:
      case X86_INS_VMOVQ:
        return move(to, from, 1);
      case X86_INS_MOVUPS:
      case X86_INS_MOVAPS:
      case X86_INS_MOVDQA:
      case X86_INS_MOVDQU:
      case X86_INS_VMOVUPS:
      case X86_INS_VMOVAPS:
      case X86_INS_VMOVDQA:
      case X86_INS_VMOVDQU:
        return move(to, from, 2);
      default:
        if (to.type == X86_OP_REG) forget(to.reg);
    }
  }

  const std::map<uint64_t, uint64_t>& stored() const { return stored_; }

 private:
  uint64_t address(const cs_x86_op& operand) const {
    return next_ + static_cast<uint64_t>(operand.mem.disp);
  }

  Word get(unsigned reg, size_t word) const {
    if (is_vector(reg)) return vectors_[reg - X86_REG_XMM0][word];
    const auto found = registers_.find(full_register(reg));
    return word == 0 && found != registers_.end() ? found->second : Word();
  }

  void set(unsigned reg, Word low, Word high = {}) {
    if (is_vector(reg)) {
      vectors_[reg - X86_REG_XMM0] = {low, high};
    } else {
      registers_[full_register(reg)] = low;
    }
  }
  void forget(unsigned reg) { set(reg, {}); }

  Word load(const cs_x86_op& operand, size_t word) const {
    if (operand.mem.base != X86_REG_RSP || operand.mem.index != X86_REG_INVALID) return {};
    const auto found = frame_.find(operand.mem.disp + static_cast<int64_t>(word) * 8);
    return found == frame_.end() ? Word() : found->second;
  }

  void store(const cs_x86_op& operand, size_t word, Word value) {
    if (operand.mem.index != X86_REG_INVALID) return;
    if (operand.mem.base == X86_REG_RSP) {
      frame_[operand.mem.disp + static_cast<int64_t>(word) * 8] = value;
    } else if (operand.mem.base == X86_REG_RIP && value) {
      stored_[address(operand) + word * 8] = *value;
    }
  }

  Word read(const cs_x86_op& operand, size_t word) const {
    if (operand.type == X86_OP_REG) return get(operand.reg, word);
    if (operand.type == X86_OP_MEM) return load(operand, word);
    return word == 0 ? Word(static_cast<uint64_t>(operand.imm)) : Word();
  }

  void move(const cs_x86_op& to, const cs_x86_op& from, size_t words) {
    if (to.type == X86_OP_REG) return set(to.reg, read(from, 0), read(from, 1));
    for (size_t word = 0; word < words; ++word) store(to, word, read(from, word));
  }

  void move_high(const cs_x86_op& to, const cs_x86_op& from) {
    if (to.type == X86_OP_REG) return set(to.reg, get(to.reg, 0), read(from, 0));
    store(to, 0, get(from.reg, 1));
  }

  // punpcklqdq a, b; the VEX form names its first source too.
  void unpack_low(const cs_x86& x86) {
    const cs_x86_op& low = x86.operands[x86.op_count - 2];
    const cs_x86_op& high = x86.operands[x86.op_count - 1];
    set(x86.operands[0].reg, read(low, 0), read(high, 0));
  }

  uint64_t next_ = 0;
  std::map<unsigned, Word> registers_;
  std::array<std::array<Word, 2>, 16> vectors_{};
  std::map<int64_t, Word> frame_;
  std::map<uint64_t, uint64_t> stored_;
};

}  // namespace

std::map<uint64_t, uint64_t> stored_words(Disassembler& disassembler,
                                          const std::vector<uint64_t>& code) {
  Values values;
  for (const uint64_t address : code) {
    const auto instruction = disassembler.decode(address);
    if (instruction && disassembler.detail() != nullptr) {
      values.run(*instruction, *disassembler.detail());
    }
  }
  return values.stored();
}

std::map<uint64_t, uint64_t> relative_pointers(const ElfImage& image) {
  std::map<uint64_t, uint64_t> pointers;
  const unsigned type = image.machine() == Machine::kAmd64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
  for (const Section& section : image.sections()) {
    if (section.type != SHT_RELA) continue;
    const std::vector<std::byte> table = image.load(section.offset, section.size);
    for (size_t at = 0; at + sizeof(Elf64_Rela) <= table.size(); at += sizeof(Elf64_Rela)) {
      Elf64_Rela entry;
      std::memcpy(&entry, table.data() + at, sizeof entry);
      if (ELF64_R_TYPE(entry.r_info) != type) continue;
      if (pointers.size() >= image.limits().references) return pointers;
      pointers[entry.r_offset] = static_cast<uint64_t>(entry.r_addend);
    }
  }
  return pointers;
}

}  // namespace sonde::attach
