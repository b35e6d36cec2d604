#include "agent/attach/unwind_index.h"

#include <elf.h>

namespace sonde::attach {
namespace {

// DW_EH_PE_*: the encodings every linker uses for the header and nearly every CIE for addresses.
constexpr uint8_t kUdata4 = 0x03;
constexpr uint8_t kDatarelSdata4 = 0x3b;
constexpr uint8_t kFormatMask = 0x0f;

size_t encoded_size(uint8_t encoding) {
  switch (encoding & kFormatMask) {
    case 0x02:
    case 0x0a:
      return 2;
    case 0x03:
    case 0x0b:
      return 4;
    case 0x00:
    case 0x04:
    case 0x0c:
      return 8;
    default:
      return 0;  // LEB128: nobody writes addresses so
  }
}

// The 'R' entry of a CIE's augmentation: how its FDEs encode addresses.
std::optional<uint8_t> address_encoding(const ElfImage& image, uint64_t cie) {
  const auto augmentation = image.string_at(cie + 9, 16);
  if (!augmentation) return std::nullopt;
  if (augmentation->empty() || augmentation->front() != 'z') return uint8_t{0};
  uint64_t at = cie + 9 + augmentation->size() + 1;
  const auto skip_leb128 = [&] {
    for (int i = 0; i < 10; ++i) {
      const auto byte = image.integer<uint8_t>(at++);
      if (!byte || (*byte & 0x80) == 0) return;
    }
  };
  for (int i = 0; i < 4; ++i) skip_leb128();  // code, data alignment, return register, length
  for (const char letter : augmentation->substr(1)) {
    if (letter == 'R') return image.integer<uint8_t>(at);
    if (letter == 'L') ++at;
    if (letter == 'P') {
      const auto encoding = image.integer<uint8_t>(at);
      if (!encoding) return std::nullopt;
      at += 1 + encoded_size(*encoding);
    }
  }
  return uint8_t{0};
}

}  // namespace

UnwindIndex::UnwindIndex(const ElfImage& image) : image_(image) {
  const auto header = image.program_header(PT_GNU_EH_FRAME);
  if (!header) return;
  const auto encodings = image.integer<uint32_t>(header->begin);
  const auto count = image.integer<uint32_t>(header->begin + 8);
  if (!encodings || !count || (*encodings & 0xff) != 1) return;
  const auto pointer_encoding = static_cast<uint8_t>(*encodings >> 8);
  const auto count_encoding = static_cast<uint8_t>(*encodings >> 16);
  const auto table_encoding = static_cast<uint8_t>(*encodings >> 24);
  if (encoded_size(pointer_encoding) != 4 || count_encoding != kUdata4 ||
      table_encoding != kDatarelSdata4) {
    return;
  }
  base_ = header->begin;
  table_ = header->begin + 12;
  if (header->size() < 12 || *count > (header->size() - 12) / 8) return;
  count_ = *count;
}

std::optional<UnwindIndex::Entry> UnwindIndex::entry(uint64_t index) const {
  const auto begin = image_.integer<int32_t>(table_ + index * 8);
  const auto description = image_.integer<int32_t>(table_ + index * 8 + 4);
  if (!begin || !description) return std::nullopt;
  return Entry{base_ + static_cast<uint64_t>(int64_t{*begin}),
               base_ + static_cast<uint64_t>(int64_t{*description})};
}

std::optional<uint64_t> UnwindIndex::length(uint64_t description) const {
  const auto cie_distance = image_.integer<uint32_t>(description + 4);
  if (!cie_distance || *cie_distance == 0) return std::nullopt;
  const auto encoding = address_encoding(image_, description + 4 - *cie_distance);
  if (!encoding) return std::nullopt;
  const size_t size = encoded_size(*encoding);
  if (size == 4) return image_.integer<uint32_t>(description + 8 + size);
  if (size == 8) return image_.integer<uint64_t>(description + 8 + size);
  return std::nullopt;
}

std::optional<Range> UnwindIndex::function_at(uint64_t address) const {
  uint64_t low = 0;
  uint64_t high = count_;
  while (low < high) {  // first entry that begins above the address
    const uint64_t middle = low + (high - low) / 2;
    const auto found = entry(middle);
    if (!found) return std::nullopt;
    if (found->begin <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return std::nullopt;
  const auto found = entry(low - 1);
  if (!found) return std::nullopt;
  const auto size = length(found->description);
  if (!size || *size == 0 || found->begin > UINT64_MAX - *size) return std::nullopt;
  const Range range{found->begin, found->begin + *size};
  if (!range.contains(address)) return std::nullopt;
  return range;
}

}  // namespace sonde::attach
