// Which instructions refer to these addresses? One pass over all code of a file.
//
// The pass looks at every byte position (x86-64) or word (arm64) for the few encodings that form or
// call an address; what only looks like one is weeded out by the consumer, which meets it again
// when it disassembles from a function's entry.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/attach/elf_image.h"

namespace sonde::attach {

enum class ReferenceKind : uint8_t {
  kAddress = 1,  // lea r, [rip+d]; mov r32, imm32 and push imm32 in non-PIE; adrp + add; adr
  kOperand = 2,  // any other instruction's operand [rip+d] without an immediate; adrp + ldr
  kCall = 4,     // call rel32; bl
  kJump = 8,     // jmp rel32, jcc rel32; b
};

// Which kinds a pass looks for.
inline constexpr unsigned kDataReferences =
    static_cast<unsigned>(ReferenceKind::kAddress) | static_cast<unsigned>(ReferenceKind::kOperand);
inline constexpr unsigned kCodeReferences = static_cast<unsigned>(ReferenceKind::kAddress) |
                                            static_cast<unsigned>(ReferenceKind::kCall) |
                                            static_cast<unsigned>(ReferenceKind::kJump);

struct Reference {
  // For adrp + add: the add. For kOperand on x86-64 an address inside the instruction: its ModRM's.
  uint64_t instruction = 0;
  uint64_t target = 0;
  ReferenceKind kind{};

  auto operator<=>(const Reference&) const = default;
};

// All references of these kinds into the ranges, sorted by instruction; at most
// limits().references.
std::vector<Reference> find_references(const ElfImage& image, const std::vector<Range>& ranges,
                                       unsigned kinds);

// A pointer in data: where it stands and what it points to.
struct PointerSlot {
  uint64_t slot = 0;
  uint64_t target = 0;

  auto operator<=>(const PointerSlot&) const = default;
};

// Pointers into the ranges that stand in data: relative relocations, and aligned words of the
// writable segments (non-PIE, RELR). Sorted, each once; at most limits().references.
std::vector<PointerSlot> find_pointer_slots(const ElfImage& image,
                                            const std::vector<Range>& ranges);

}  // namespace sonde::attach
