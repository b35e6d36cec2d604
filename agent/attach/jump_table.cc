#include "agent/attach/jump_table.h"

#include <algorithm>

#include <elf.h>

#include "agent/attach/arm64_code.h"
#include "agent/attach/plt.h"

namespace sonde::attach {
namespace {

constexpr uint64_t kTableEntries = 1024;  // a longer switch is not resolved

// One instruction of the trace, with what explaining needs of it copied out of Capstone.
struct Traced {
  uint64_t address = 0;
  unsigned id = 0;
  std::array<cs_x86_op, 3> operands{};
  uint8_t operand_count = 0;
  uint64_t next = 0;
};

std::optional<Traced> trace_entry(Disassembler& disassembler, uint64_t address) {
  const auto instruction = disassembler.decode(address);
  const cs_insn* detail = disassembler.detail();
  if (!instruction || detail == nullptr) return std::nullopt;
  const cs_x86& x86 = detail->detail->x86;
  Traced traced{address, detail->id, {}, std::min<uint8_t>(x86.op_count, 3), instruction->next()};
  std::copy_n(x86.operands, traced.operand_count, traced.operands.begin());
  return traced;
}

bool writes(const Traced& traced, x86_reg reg) {
  return traced.operand_count > 0 && traced.operands[0].type == X86_OP_REG &&
         full_register(traced.operands[0].reg) == reg && traced.id != X86_INS_CMP &&
         traced.id != X86_INS_TEST && traced.id != X86_INS_PUSH;
}

// The highest case number: "cmp index, N" followed by ja/jae/jbe/jb, nearest before the jump.
std::optional<uint64_t> entry_count(const std::vector<Traced>& trace) {
  for (size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].id != X86_INS_CMP || trace[i].operands[1].type != X86_OP_IMM) continue;
    const auto bound = static_cast<uint64_t>(trace[i].operands[1].imm);
    for (size_t j = i; j-- > 0;) {
      if (trace[j].id == X86_INS_JA || trace[j].id == X86_INS_JBE) return bound + 1;
      if (trace[j].id == X86_INS_JAE || trace[j].id == X86_INS_JB) return bound;
    }
    return std::nullopt;
  }
  return std::nullopt;
}

JumpTargets read_relative_table(const ElfImage& image, uint64_t base, uint64_t count) {
  JumpTargets result{.kind = JumpKind::kTable};
  for (uint64_t i = 0; i < count; ++i) {
    const auto entry = image.integer<int32_t>(base + i * 4);
    if (!entry) return {.kind = JumpKind::kTableUnresolved};
    result.targets.push_back(base + static_cast<uint64_t>(int64_t{*entry}));
  }
  return result;
}

JumpTargets read_absolute_table(const ElfImage& image, uint64_t base, uint64_t count) {
  JumpTargets result{.kind = JumpKind::kTable};
  for (uint64_t i = 0; i < count; ++i) {
    const auto entry = image.integer<uint64_t>(base + i * 8);
    if (!entry) return {.kind = JumpKind::kTableUnresolved};
    result.targets.push_back(*entry);
  }
  return result;
}

JumpTargets checked(const ElfImage& image, JumpTargets jump) {
  const bool all_code = std::all_of(jump.targets.begin(), jump.targets.end(),
                                    [&](uint64_t target) { return image.is_code(target); });
  if (!all_code || jump.targets.empty()) return {.kind = JumpKind::kTableUnresolved};
  std::sort(jump.targets.begin(), jump.targets.end());
  jump.targets.erase(std::unique(jump.targets.begin(), jump.targets.end()), jump.targets.end());
  return jump;
}

// lea base, [rip+T]; movsxd x, [base+index*4]; add x, base; jmp x
JumpTargets x86_register_jump(const ElfImage& image, const std::vector<Traced>& trace,
                              x86_reg reg) {
  size_t at = 0;
  while (at < trace.size() && !writes(trace[at], reg)) ++at;
  if (at == trace.size()) return {.kind = JumpKind::kPointer};
  const Traced& last_write = trace[at];
  if (last_write.id == X86_INS_MOV && last_write.operands[1].type == X86_OP_MEM &&
      last_write.operands[1].mem.index != X86_REG_INVALID && last_write.operands[1].size == 8 &&
      last_write.operands[1].mem.base == X86_REG_INVALID) {
    const auto count = entry_count(trace);
    if (!count || *count > kTableEntries) return {.kind = JumpKind::kTableUnresolved};
    return checked(
        image,
        read_absolute_table(image, static_cast<uint64_t>(last_write.operands[1].mem.disp), *count));
  }
  if (last_write.id != X86_INS_ADD) return {.kind = JumpKind::kPointer};
  const auto load = std::find_if(trace.begin(), trace.end(), [](const Traced& traced) {
    return traced.id == X86_INS_MOVSXD && traced.operands[1].type == X86_OP_MEM &&
           traced.operands[1].mem.scale == 4;
  });
  if (load == trace.end()) return {.kind = JumpKind::kTableUnresolved};
  const x86_reg base = full_register(load->operands[1].mem.base);
  const auto lea = std::find_if(load, trace.end(),
                                [base](const Traced& traced) { return writes(traced, base); });
  const auto count = entry_count(trace);
  if (lea == trace.end() || lea->id != X86_INS_LEA || lea->operands[1].mem.base != X86_REG_RIP ||
      !count || *count > kTableEntries) {
    return {.kind = JumpKind::kTableUnresolved};
  }
  const uint64_t table = lea->next + static_cast<uint64_t>(lea->operands[1].mem.disp);
  return checked(image, read_relative_table(image, table, *count));
}

JumpTargets through_slot(const ElfImage& image, uint64_t slot) {
  const auto symbol = plt_symbol(image, slot);
  if (!symbol) return {.kind = JumpKind::kPointer};
  if (symbol->address != 0) return {.kind = JumpKind::kStub, .targets = {symbol->address}};
  return {.kind = JumpKind::kForeign, .symbol = symbol->name};
}

JumpTargets resolve_x86(Disassembler& disassembler, uint64_t address,
                        const InstructionTrace& history) {
  const ElfImage& image = disassembler.image();
  const auto jump = trace_entry(disassembler, address);
  if (!jump) return {};
  std::vector<Traced> trace;
  for (const uint64_t earlier : history.newest_first()) {
    if (const auto traced = trace_entry(disassembler, earlier)) trace.push_back(*traced);
  }
  const cs_x86_op& operand = jump->operands[0];
  if (operand.type == X86_OP_REG) {
    return x86_register_jump(image, trace, full_register(operand.reg));
  }
  if (operand.type != X86_OP_MEM) return {};
  if (operand.mem.base == X86_REG_RIP) {
    return through_slot(image, jump->next + static_cast<uint64_t>(operand.mem.disp));
  }
  if (operand.mem.base == X86_REG_INVALID && operand.mem.index == X86_REG_INVALID) {
    return through_slot(image, static_cast<uint64_t>(operand.mem.disp));  // non-PIE PLT
  }
  if (operand.mem.index == X86_REG_INVALID || operand.mem.scale != 8) return {};
  const auto count = entry_count(trace);
  if (operand.mem.base != X86_REG_INVALID || !count || *count > kTableEntries) {
    return {.kind = JumpKind::kTableUnresolved};
  }
  return checked(image,
                 read_absolute_table(image, static_cast<uint64_t>(operand.mem.disp), *count));
}

// BR Xn: the instruction that made Xn tells a table (ADD of base and entry) from a pointer (LDR);
// ADRP X16; LDR X17, [X16]; BR X17 is a PLT stub.
JumpTargets resolve_arm64(const ElfImage& image, uint64_t address,
                          const InstructionTrace& history) {
  const auto jump = image.integer<uint32_t>(address);
  if (!jump) return {};
  const unsigned reg = (*jump >> 5) & 31;
  std::optional<arm64::AddImmediate> load;
  for (const uint64_t earlier : history.newest_first()) {
    const auto word = image.integer<uint32_t>(earlier);
    if (!word) return {};
    if (load) {
      const auto page = arm64::adrp(earlier, *word);
      if (page && page->destination == load->source) {
        return through_slot(image, page->page + load->value);
      }
      continue;
    }
    if ((*word & 31) != reg) continue;
    if ((*word & 0x7f200000) == 0x0b000000 || (*word & 0x7fe00000) == 0x0b200000) {
      return {.kind = JumpKind::kTableUnresolved};  // ADD, shifted or extended register
    }
    load = arm64::load_immediate(*word);
    if (load && load->destination == reg) continue;
    if (load) load.reset();
    if ((*word & 0x3b000000) == 0x39000000 || (*word & 0x3b000000) == 0x38000000) return {};
  }
  return {};
}

}  // namespace

JumpTargets resolve_indirect_jump(Disassembler& disassembler, uint64_t address,
                                  const InstructionTrace& trace) {
  const ElfImage& image = disassembler.image();
  return image.machine() == Machine::kAmd64 ? resolve_x86(disassembler, address, trace)
                                            : resolve_arm64(image, address, trace);
}

}  // namespace sonde::attach
