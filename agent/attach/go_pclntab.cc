#include "agent/attach/go_pclntab.h"

#include <algorithm>
#include <array>

namespace sonde::attach {
namespace {

constexpr uint32_t kMagic116 = 0xfffffffa;
constexpr uint32_t kMagic118 = 0xfffffff0;
constexpr uint32_t kMagic120 = 0xfffffff1;
constexpr uint64_t kHeaderBytes = 8;
constexpr size_t kPointer = 8;
// moduledata (runtime/symtab.go): pcHeader, six slices, findfunctab, minpc, maxpc, text.
constexpr uint64_t kModuledataText = (1 + 6 * 3 + 3) * kPointer;

// magic, two zero bytes, instruction quantum, pointer size.
bool is_header(const ElfImage& image, uint64_t word) {
  const auto magic = static_cast<uint32_t>(word);
  const auto quantum = static_cast<uint8_t>(word >> 48);
  const auto pointer = static_cast<uint8_t>(word >> 56);
  return (magic == kMagic116 || magic == kMagic118 || magic == kMagic120) &&
         ((word >> 32) & 0xffff) == 0 && pointer == kPointer &&
         quantum == (image.machine() == Machine::kAmd64 ? 1 : 4);
}

// Visits the address of every 8-byte word of data that satisfies `test`; stops when it says so.
template <typename Test>
std::optional<uint64_t> find_word(const ElfImage& image, Test&& test) {
  for (const Segment& segment : image.segments()) {
    std::optional<uint64_t> found;
    const uint64_t skew = (8 - segment.address % 8) % 8;
    if (segment.size <= skew) continue;
    image.scan(segment.offset + skew, segment.size - skew, 0, [&](Bytes chunk, uint64_t offset) {
      for (size_t at = 0; at + 8 <= chunk.size() && !found; at += 8) {
        uint64_t word;
        std::memcpy(&word, chunk.data() + at, sizeof word);
        const uint64_t address = segment.address + (offset - segment.offset) + at;
        if (test(word, address)) found = address;
      }
    });
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<GoPclntab> GoPclntab::find(const ElfImage& image) {
  for (const std::string_view name : {".gopclntab", ".data.rel.ro.gopclntab"}) {
    const Section* section = image.section(name);
    if (section != nullptr) return at(image, section->address);
  }
  // Only a program whose sections were stripped or folded is searched, and only if it is Go's.
  if (!image.sections().empty() && image.section(".go.buildinfo") == nullptr) return std::nullopt;
  const auto header = find_word(image, [&](uint64_t word, uint64_t address) {
    return is_header(image, word) && at(image, address).has_value();
  });
  return header ? at(image, *header) : std::nullopt;
}

std::optional<GoPclntab> GoPclntab::at(const ElfImage& image, uint64_t address) {
  GoPclntab table(image);
  if (!table.parse(address)) return std::nullopt;
  return table;
}

bool GoPclntab::parse(uint64_t address) {
  const auto word = image_.integer<uint64_t>(address);
  if (!word || !is_header(image_, *word)) return false;
  table_ = address;
  layout_ = static_cast<uint32_t>(*word) == kMagic116 ? Layout::k116 : Layout::k118;
  const auto field = [&](size_t index) {
    return image_.integer<uint64_t>(address + kHeaderBytes + index * kPointer).value_or(0);
  };
  // nfunc, nfiles, [textStart,] funcnameOffset, cuOffset, filetabOffset, pctabOffset, pclnOffset
  const size_t skip = layout_ == Layout::k118 ? 1 : 0;
  count_ = field(0);
  text_start_ = layout_ == Layout::k118 ? field(2) : 0;
  const uint64_t size = image_.file_size();
  const uint64_t names = field(2 + skip);
  const uint64_t names_end = field(3 + skip);
  const uint64_t functions = field(6 + skip);
  if (count_ == 0 || count_ > image_.limits().symbols || names >= names_end || names_end > size ||
      functions > size) {
    return false;
  }
  names_ = {table_ + names, table_ + names_end};
  functions_ = table_ + functions;
  // Since Go 1.26 the header leaves textStart 0.
  if (layout_ == Layout::k118 && !image_.is_code(text_start_)) text_start_ = text_start_elsewhere();
  return layout_ == Layout::k116 || text_start_ != 0;
}

// The start of Go's code from the runtime's module data, which begins with a pointer to the table;
// in a position-independent file that pointer is a relocation's, and .text must do.
uint64_t GoPclntab::text_start_elsewhere() const {
  const auto module = find_word(image_, [&](uint64_t word, uint64_t address) {
    return word == table_ &&
           image_.is_code(image_.integer<uint64_t>(address + kModuledataText).value_or(0));
  });
  if (module) return image_.integer<uint64_t>(*module + kModuledataText).value_or(0);
  const Section* text = image_.section(".text");
  return text == nullptr ? 0 : text->address;
}

std::optional<uint64_t> GoPclntab::entry(uint64_t index) const {
  if (layout_ == Layout::k116) return image_.integer<uint64_t>(functions_ + index * 2 * kPointer);
  const auto offset = image_.integer<uint32_t>(functions_ + index * 8);
  if (!offset) return std::nullopt;
  return text_start_ + *offset;
}

// _func: entry (a pointer, since 1.18 a 32-bit offset), then the name's offset.
std::optional<uint32_t> GoPclntab::name_offset(uint64_t index) const {
  if (layout_ == Layout::k116) {
    const auto data = image_.integer<uint64_t>(functions_ + index * 2 * kPointer + kPointer);
    if (!data || *data > image_.file_size()) return std::nullopt;
    return image_.integer<uint32_t>(functions_ + *data + kPointer);
  }
  const auto data = image_.integer<uint32_t>(functions_ + index * 8 + 4);
  if (!data) return std::nullopt;
  return image_.integer<uint32_t>(functions_ + *data + 4);
}

std::map<uint32_t, std::string> GoPclntab::name_offsets(
    std::span<const std::string_view> names) const {
  std::map<uint32_t, std::string> offsets;
  const auto start = image_.offset_of(names_.begin);
  if (!start) return offsets;
  image_.scan(*start, names_.size(), 256, [&](Bytes chunk, uint64_t offset) {
    const std::string_view text = as_text(chunk);
    for (const std::string_view name : names) {
      for (size_t at = text.find(name); at != std::string_view::npos;
           at = text.find(name, at + 1)) {
        const bool whole = (at == 0 || text[at - 1] == '\0') && at + name.size() < text.size() &&
                           text[at + name.size()] == '\0';
        if (whole) offsets[static_cast<uint32_t>(offset - *start + at)] = std::string(name);
      }
    }
  });
  return offsets;
}

std::map<std::string, GoFunction> GoPclntab::functions(
    std::span<const std::string_view> names) const {
  std::map<std::string, GoFunction> found;
  const std::map<uint32_t, std::string> wanted = name_offsets(names);
  if (wanted.empty()) return found;
  for (uint64_t i = 0; i < count_ && found.size() < wanted.size(); ++i) {
    const auto name = name_offset(i);
    if (!name) break;
    const auto known = wanted.find(*name);
    if (known == wanted.end()) continue;
    const auto begin = entry(i);
    const auto end = entry(i + 1);  // the table ends with the end of the code
    if (begin && end && *end > *begin) found[known->second] = {*begin, *end - *begin};
  }
  return found;
}

std::string go_version(const ElfImage& image) {
  constexpr std::string_view kMagic = "\xff Go buildinf:";
  const Section* section = image.section(".go.buildinfo");
  uint64_t info = section == nullptr ? 0 : section->address;
  if (info == 0) {
    uint64_t first;
    std::memcpy(&first, kMagic.data(), sizeof first);
    info = find_word(image, [&](uint64_t word, uint64_t address) {
             return word == first && address % 16 == 0;
           }).value_or(0);
  }
  std::array<std::byte, 32> header{};
  if (info == 0 || image.read(info, header) != header.size() ||
      !as_text(Bytes(header)).starts_with(kMagic)) {
    return {};
  }
  const bool inline_strings = (header[15] & std::byte{2}) != std::byte{0};
  uint64_t text = info + 32;
  uint64_t length = 0;
  if (inline_strings) {
    length = image.integer<uint8_t>(text++).value_or(0);  // a varint; versions are short
  } else {
    const uint64_t pointer = image.integer<uint64_t>(info + 16).value_or(0);
    text = image.integer<uint64_t>(pointer).value_or(0);
    length = image.integer<uint64_t>(pointer + kPointer).value_or(0);
  }
  if (length == 0 || length > 100) return {};
  std::string version(length, '\0');
  if (image.read(text, std::as_writable_bytes(std::span(version))) != length) return {};
  return version.starts_with("go") || version.starts_with("devel") ? version : std::string();
}

}  // namespace sonde::attach
