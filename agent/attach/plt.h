// The function behind a PLT stub: the relocation of its GOT slot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/attach/elf_image.h"

namespace sonde::attach {

struct PltSymbol {
  std::string name;
  uint64_t address = 0;  // where this file defines it; 0: another file does
};

// nullopt: no relocation of a function fills this slot.
std::optional<PltSymbol> plt_symbol(const ElfImage& image, uint64_t slot);

}  // namespace sonde::attach
