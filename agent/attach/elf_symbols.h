// The function symbols of an ELF file, from .symtab and .dynsym, or from PT_DYNAMIC where section
// headers are gone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/attach/elf_image.h"

namespace sonde::attach {

struct FunctionSymbol {
  std::string_view name;  // valid during the visit; without the @VERSION of .symtab names
  uint64_t address = 0;
  uint64_t size = 0;  // 0: not known
  bool dynamic = false;
};

// Visits every defined function (STT_FUNC) whose address is in an executable segment. A function in
// both tables is visited twice. Answers how many were visited.
size_t for_each_function(const ElfImage& image,
                         const std::function<void(const FunctionSymbol&)>& visit);

// The libraries that the file asks the dynamic linker for (DT_NEEDED), at most `limit` of them.
std::vector<std::string> needed_libraries(const ElfImage& image, size_t limit = 64);

}  // namespace sonde::attach
