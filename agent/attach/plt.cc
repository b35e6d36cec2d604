#include "agent/attach/plt.h"

#include <elf.h>

namespace sonde::attach {
namespace {

struct DynamicTables {
  uint64_t symbols = 0;
  uint64_t names = 0;
  Range plt_relocations;
  Range relocations;
};

DynamicTables read_dynamic(const ElfImage& image) {
  DynamicTables tables;
  const auto dynamic = image.program_header(PT_DYNAMIC);
  if (!dynamic) return tables;
  uint64_t plt_size = 0;
  uint64_t size = 0;
  for (uint64_t at = dynamic->begin; at + 16 <= dynamic->end; at += 16) {
    const auto tag = image.integer<int64_t>(at);
    const auto value = image.integer<uint64_t>(at + 8);
    if (!tag || !value || *tag == DT_NULL) break;
    if (*tag == DT_SYMTAB) tables.symbols = *value;
    if (*tag == DT_STRTAB) tables.names = *value;
    if (*tag == DT_JMPREL) tables.plt_relocations.begin = *value;
    if (*tag == DT_PLTRELSZ) plt_size = *value;
    if (*tag == DT_RELA) tables.relocations.begin = *value;
    if (*tag == DT_RELASZ) size = *value;
  }
  const auto bound = [&](uint64_t begin, uint64_t bytes) {
    return begin + std::min(bytes, image.file_size());
  };
  tables.plt_relocations.end = bound(tables.plt_relocations.begin, plt_size);
  tables.relocations.end = bound(tables.relocations.begin, size);
  return tables;
}

std::optional<uint64_t> symbol_of_slot(const ElfImage& image, Range relocations, uint64_t slot) {
  for (uint64_t at = relocations.begin; at + sizeof(Elf64_Rela) <= relocations.end;
       at += sizeof(Elf64_Rela)) {
    const auto offset = image.integer<uint64_t>(at);
    if (!offset) return std::nullopt;
    if (*offset != slot) continue;
    const auto info = image.integer<uint64_t>(at + 8);
    if (info && ELF64_R_SYM(*info) != 0) return ELF64_R_SYM(*info);
  }
  return std::nullopt;
}

}  // namespace

std::optional<PltSymbol> plt_symbol(const ElfImage& image, uint64_t slot) {
  const DynamicTables tables = read_dynamic(image);
  auto index = symbol_of_slot(image, tables.plt_relocations, slot);
  if (!index) index = symbol_of_slot(image, tables.relocations, slot);
  if (!index || *index > image.limits().symbols) return std::nullopt;
  const uint64_t symbol = tables.symbols + *index * sizeof(Elf64_Sym);
  const auto name = image.integer<uint32_t>(symbol);
  const auto value = image.integer<uint64_t>(symbol + 8);
  if (!name || !value) return std::nullopt;
  auto text = image.string_at(tables.names + *name);
  if (!text) return std::nullopt;
  return PltSymbol{std::move(*text), *value};
}

}  // namespace sonde::attach
