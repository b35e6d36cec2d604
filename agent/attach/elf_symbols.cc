#include "agent/attach/elf_symbols.h"

#include <algorithm>

#include <elf.h>

namespace sonde::attach {
namespace {

struct Tables {
  std::vector<std::byte> symbols;
  std::vector<std::byte> names;
  bool dynamic = false;
};

std::string_view symbol_name(const std::vector<std::byte>& names, uint32_t offset) {
  if (offset >= names.size()) return {};
  const std::string_view rest = as_text(Bytes(names)).substr(offset);
  const size_t end = rest.find('\0');
  if (end == std::string_view::npos) return {};
  // .symtab of a shared library spells versions out: "SSL_read@@OPENSSL_3.0.0".
  const std::string_view name = rest.substr(0, end);
  return name.substr(0, name.find('@'));
}

size_t visit_tables(const ElfImage& image, const Tables& tables,
                    const std::function<void(const FunctionSymbol&)>& visit) {
  const size_t count = std::min(tables.symbols.size() / sizeof(Elf64_Sym), image.limits().symbols);
  size_t visited = 0;
  for (size_t i = 0; i < count; ++i) {
    Elf64_Sym symbol;
    std::memcpy(&symbol, tables.symbols.data() + i * sizeof symbol, sizeof symbol);
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF ||
        !image.is_code(symbol.st_value)) {
      continue;
    }
    const std::string_view name = symbol_name(tables.names, symbol.st_name);
    if (name.empty()) continue;
    visit({name, symbol.st_value, symbol.st_size, tables.dynamic});
    ++visited;
  }
  return visited;
}

std::vector<Tables> from_sections(const ElfImage& image) {
  std::vector<Tables> all;
  for (const Section& section : image.sections()) {
    if (section.type != SHT_SYMTAB && section.type != SHT_DYNSYM) continue;
    if (section.link >= image.sections().size()) continue;
    const Section& names = image.sections()[section.link];
    if (names.type != SHT_STRTAB) continue;
    all.push_back({image.load(section.offset, section.size), image.load(names.offset, names.size),
                   section.type == SHT_DYNSYM});
  }
  return all;
}

// DT_GNU_HASH holds no count: the last symbol is the end of the longest chain.
uint64_t count_by_gnu_hash(const ElfImage& image, uint64_t table) {
  const auto buckets = image.integer<uint32_t>(table);
  const auto first = image.integer<uint32_t>(table + 4);
  const auto bloom_words = image.integer<uint32_t>(table + 8);
  if (!buckets || !first || !bloom_words || *buckets > image.limits().symbols) return 0;
  const uint64_t bucket_table = table + 16 + uint64_t{*bloom_words} * 8;
  uint32_t last = 0;
  for (uint32_t i = 0; i < *buckets; ++i) {
    const auto bucket = image.integer<uint32_t>(bucket_table + uint64_t{i} * 4);
    if (!bucket) return 0;
    last = std::max(last, *bucket);
  }
  if (last < *first) return *first;
  const uint64_t chains = bucket_table + uint64_t{*buckets} * 4;
  while (last - *first < image.limits().symbols) {
    const auto hash = image.integer<uint32_t>(chains + uint64_t{last - *first} * 4);
    if (!hash) return 0;
    ++last;
    if ((*hash & 1) != 0) break;
  }
  return last;
}

std::optional<Tables> from_dynamic(const ElfImage& image) {
  const auto dynamic = image.program_header(PT_DYNAMIC);
  if (!dynamic) return std::nullopt;
  uint64_t symbols = 0;
  uint64_t names = 0;
  uint64_t names_size = 0;
  uint64_t count = 0;
  for (uint64_t at = dynamic->begin; at + 16 <= dynamic->end; at += 16) {
    const auto tag = image.integer<int64_t>(at);
    const auto value = image.integer<uint64_t>(at + 8);
    if (!tag || !value || *tag == DT_NULL) break;
    if (*tag == DT_SYMTAB) symbols = *value;
    if (*tag == DT_STRTAB) names = *value;
    if (*tag == DT_STRSZ) names_size = *value;
    if (*tag == DT_HASH) count = image.integer<uint32_t>(*value + 4).value_or(0);
    if (*tag == DT_GNU_HASH && count == 0) count = count_by_gnu_hash(image, *value);
  }
  const auto symbols_offset = image.offset_of(symbols);
  const auto names_offset = image.offset_of(names);
  if (!symbols_offset || !names_offset || count == 0) return std::nullopt;
  return Tables{image.load(*symbols_offset, count * sizeof(Elf64_Sym)),
                image.load(*names_offset, names_size), true};
}

}  // namespace

size_t for_each_function(const ElfImage& image,
                         const std::function<void(const FunctionSymbol&)>& visit) {
  std::vector<Tables> all = from_sections(image);
  if (all.empty()) {
    if (auto tables = from_dynamic(image)) all.push_back(std::move(*tables));
  }
  size_t visited = 0;
  for (const Tables& tables : all) visited += visit_tables(image, tables, visit);
  return visited;
}

std::vector<std::string> needed_libraries(const ElfImage& image, size_t limit) {
  std::vector<std::string> libraries;
  const auto dynamic = image.program_header(PT_DYNAMIC);
  if (!dynamic) return libraries;
  uint64_t names = 0;
  std::vector<uint64_t> needed;
  for (uint64_t at = dynamic->begin; at + 16 <= dynamic->end && needed.size() < limit; at += 16) {
    const auto tag = image.integer<int64_t>(at);
    const auto value = image.integer<uint64_t>(at + 8);
    if (!tag || !value || *tag == DT_NULL) break;
    if (*tag == DT_STRTAB) names = *value;
    if (*tag == DT_NEEDED) needed.push_back(*value);
  }
  for (const uint64_t offset : needed) {
    if (auto name = image.string_at(names + offset)) libraries.push_back(std::move(*name));
  }
  return libraries;
}

}  // namespace sonde::attach
