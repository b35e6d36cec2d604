#include "agent/attach/disassembler.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/attach/arm64_code.h"

namespace sonde::attach {
namespace {

bool in_group(const cs_insn& instruction, uint8_t group) {
  const auto* groups = instruction.detail->groups;
  return std::find(groups, groups + instruction.detail->groups_count, group) !=
         groups + instruction.detail->groups_count;
}

bool is_trap(unsigned id) {
  return id == X86_INS_UD2 || id == X86_INS_HLT || id == X86_INS_INT3 || id == X86_INS_UD0;
}

// endbr64 and endbr32: Capstone 4 knows neither.
bool is_endbr(Bytes code) {
  return code.size() >= 4 && code[0] == std::byte{0xf3} && code[1] == std::byte{0x0f} &&
         code[2] == std::byte{0x1e} && (code[3] == std::byte{0xfa} || code[3] == std::byte{0xfb});
}

// Bytes of ModRM, SIB and displacement (Intel SDM, volume 2, 2.1), which begin at `at`.
uint32_t operand_length(const std::array<uint8_t, 16>& code, uint32_t at) {
  const uint8_t mod = code[at] >> 6;
  const uint8_t base = code[at] & 7;
  const bool sib = mod != 3 && base == 4;
  const bool no_base = mod == 0 && (base == 5 || (sib && (code[at + 1] & 7) == 5));
  const uint32_t displacement = mod == 1 ? 1 : mod == 2 || no_base ? 4 : 0;
  return 1 + (sib ? 1 : 0) + displacement;
}

bool has_immediate(uint8_t map, uint8_t opcode) {
  constexpr auto kInMap1 = std::to_array<uint8_t>({0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6});
  return map == 3 ||
         (map == 1 && std::find(kInMap1.begin(), kInMap1.end(), opcode) != kInMap1.end());
}

// Length of an instruction with a VEX or EVEX prefix, none of which changes where control goes; 0:
// no such instruction. Capstone 4 does not know all of them (vbroadcasti128). Intel SDM, volume
// 2, 2.3 and 2.7.
uint32_t vector_length(Bytes bytes) {
  std::array<uint8_t, 16> code{};
  std::memcpy(code.data(), bytes.data(), std::min(bytes.size(), code.size()));
  const bool evex = code[0] == 0x62;
  if (!evex && code[0] != 0xc4 && code[0] != 0xc5) return 0;
  const uint32_t opcode_at = evex ? 4 : code[0] == 0xc4 ? 3 : 2;
  const uint8_t map = code[0] == 0xc5 ? 1 : code[1] & (evex ? 7 : 31);
  const uint8_t opcode = code[opcode_at];
  if (map == 0 || map > 3) return 0;
  uint32_t length = opcode_at + 1;
  const bool vzeroupper = map == 1 && opcode == 0x77;
  if (!vzeroupper) length += operand_length(code, length) + (has_immediate(map, opcode) ? 1 : 0);
  return length <= bytes.size() ? length : 0;
}

}  // namespace

Disassembler::Disassembler(const ElfImage& image) : image_(image) {
  const bool x86 = image.machine() == Machine::kAmd64;
  if (cs_open(x86 ? CS_ARCH_X86 : CS_ARCH_ARM64, x86 ? CS_MODE_64 : CS_MODE_LITTLE_ENDIAN,
              &handle_) != CS_ERR_OK) {
    handle_ = 0;
    return;
  }
  cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
  detail_ = cs_malloc(handle_);
}

Disassembler::~Disassembler() {
  if (detail_ != nullptr) cs_free(detail_, 1);
  if (handle_ != 0) cs_close(&handle_);
}

std::optional<Instruction> Disassembler::decode(uint64_t address) {
  detail_valid_ = false;
  if (detail_ == nullptr || !image_.is_code(address)) return std::nullopt;
  if (++decoded_ > image_.limits().instructions) return std::nullopt;
  std::array<std::byte, 16> code{};
  const size_t size = image_.read(address, code);
  const Bytes bytes = Bytes(code).first(size);
  return image_.machine() == Machine::kAmd64 ? decode_x86(address, bytes)
                                             : decode_arm64(address, bytes);
}

std::optional<Instruction> Disassembler::decode_x86(uint64_t address, Bytes code) {
  if (is_endbr(code)) return Instruction{address, 4, Flow::kNext, 0};
  const auto* bytes = reinterpret_cast<const uint8_t*>(code.data());
  size_t left = code.size();
  uint64_t at = address;
  if (!cs_disasm_iter(handle_, &bytes, &left, &at, detail_)) {
    const uint32_t length = vector_length(code);
    if (length == 0) return std::nullopt;
    return Instruction{address, length, Flow::kNext, 0};
  }
  detail_valid_ = true;
  Instruction instruction{address, detail_->size, Flow::kNext, 0};
  const cs_x86& x86 = detail_->detail->x86;
  const bool direct = x86.op_count == 1 && x86.operands[0].type == X86_OP_IMM;
  if (is_trap(detail_->id)) {
    instruction.flow = Flow::kStop;
  } else if (in_group(*detail_, CS_GRP_RET)) {
    instruction.flow = Flow::kReturn;
  } else if (in_group(*detail_, CS_GRP_CALL)) {
    instruction.flow = Flow::kCall;
  } else if (in_group(*detail_, CS_GRP_JUMP)) {
    const bool conditional = detail_->id != X86_INS_JMP && detail_->id != X86_INS_LJMP;
    instruction.flow = conditional ? Flow::kBranch : direct ? Flow::kJump : Flow::kIndirectJump;
  }
  if (direct && instruction.flow != Flow::kNext) {
    instruction.target = static_cast<uint64_t>(x86.operands[0].imm);
  }
  return instruction;
}

std::optional<Instruction> Disassembler::decode_arm64(uint64_t address, Bytes code) {
  ByteReader reader(code);
  const auto word = reader.u32_le();
  if (!word || address % 4 != 0) return std::nullopt;
  const auto* bytes = reinterpret_cast<const uint8_t*>(code.data());
  size_t left = 4;
  uint64_t at = address;
  detail_valid_ = cs_disasm_iter(handle_, &bytes, &left, &at, detail_);
  return arm64::control_flow(address, *word);
}

x86_reg full_register(unsigned x86_register) {
  switch (x86_register) {
#define SONDE_REGISTER(letter) \
  case X86_REG_##letter##L:    \
  case X86_REG_##letter##H:    \
  case X86_REG_##letter##X:    \
  case X86_REG_E##letter##X:   \
  case X86_REG_R##letter##X:   \
    return X86_REG_R##letter##X;
    SONDE_REGISTER(A)
    SONDE_REGISTER(B)
    SONDE_REGISTER(C)
    SONDE_REGISTER(D)
#undef SONDE_REGISTER
#define SONDE_REGISTER(name) \
  case X86_REG_##name##L:    \
  case X86_REG_##name:       \
  case X86_REG_E##name:      \
  case X86_REG_R##name:      \
    return X86_REG_R##name;
    SONDE_REGISTER(SI)
    SONDE_REGISTER(DI)
    SONDE_REGISTER(BP)
    SONDE_REGISTER(SP)
#undef SONDE_REGISTER
#define SONDE_REGISTER(number) \
  case X86_REG_R##number##B:   \
  case X86_REG_R##number##W:   \
  case X86_REG_R##number##D:   \
  case X86_REG_R##number:      \
    return X86_REG_R##number;
    SONDE_REGISTER(8)
    SONDE_REGISTER(9)
    SONDE_REGISTER(10)
    SONDE_REGISTER(11)
    SONDE_REGISTER(12)
    SONDE_REGISTER(13)
    SONDE_REGISTER(14)
    SONDE_REGISTER(15)
#undef SONDE_REGISTER
    default:
      return X86_REG_INVALID;
  }
}

}  // namespace sonde::attach
