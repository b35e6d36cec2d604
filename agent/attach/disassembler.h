// One instruction at a time out of an ELF image: how control leaves it, and Capstone's detail.
#pragma once

#include <cstdint>
#include <optional>

#include <capstone/capstone.h>

#include "agent/attach/elf_image.h"

namespace sonde::attach {

// Where control goes after an instruction.
enum class Flow : uint8_t {
  kNext,
  kCall,          // direct or indirect; goes on behind it
  kJump,          // direct, unconditional
  kBranch,        // direct, conditional: both ways
  kIndirectJump,  // jump table, tail call through memory, or PLT stub
  kReturn,
  kStop,  // trap: ud2, hlt, int3, brk, udf
};

struct Instruction {
  uint64_t address = 0;
  uint32_t size = 0;
  Flow flow = Flow::kNext;
  uint64_t target = 0;  // of a direct call, jump or branch; else 0

  uint64_t next() const { return address + size; }
};

// Owns a Capstone handle. Not thread-safe; borrows the image.
class Disassembler {
 public:
  explicit Disassembler(const ElfImage& image);
  ~Disassembler();
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  const ElfImage& image() const { return image_; }

  // nullopt: no code there, bytes that are no instruction, or limits().instructions reached.
  std::optional<Instruction> decode(uint64_t address);
  // Detail of the instruction decoded last; null where it was decoded without Capstone.
  const cs_insn* detail() const { return detail_valid_ ? detail_ : nullptr; }

 private:
  std::optional<Instruction> decode_x86(uint64_t address, Bytes code);
  std::optional<Instruction> decode_arm64(uint64_t address, Bytes code);

  const ElfImage& image_;
  csh handle_ = 0;
  cs_insn* detail_ = nullptr;
  bool detail_valid_ = false;
  size_t decoded_ = 0;
};

// The register an x86 operand names, as its 64-bit form (EAX and RAX are one register).
x86_reg full_register(unsigned x86_register);

}  // namespace sonde::attach
