#include "agent/detect/model/fold.h"

#include <algorithm>
#include <array>

namespace sonde::detect::model {
namespace {

#include "agent/detect/model/fold_table.inc"

constexpr uint8_t kIdentityPage = 0xFF;
constexpr uint32_t kTableEnd = 0x20000;

struct Confusable {
  uint16_t from;
  char to;
};
constexpr Confusable kConfusables[] = {
    {0x430, 'a'}, {0x432, 'b'}, {0x435, 'e'}, {0x437, '3'}, {0x438, 'n'}, {0x43A, 'k'},
    {0x43C, 'm'}, {0x43D, 'h'}, {0x43E, 'o'}, {0x43F, 'n'}, {0x440, 'p'}, {0x441, 'c'},
    {0x442, 't'}, {0x443, 'y'}, {0x445, 'x'}, {0x448, 'w'}, {0x44A, 'b'}, {0x44C, 'b'},
    {0x433, 'r'}, {0x44F, 'r'}, {0x455, 's'}, {0x456, 'i'}, {0x458, 'j'}, {0x461, 'w'},
    {0x475, 'v'}, {0x4BB, 'h'}, {0x4CF, 'l'}, {0x501, 'd'}, {0x51B, 'q'}, {0x51D, 'w'},
    {0x3B1, 'a'}, {0x3B2, 'b'}, {0x3B3, 'y'}, {0x3B5, 'e'}, {0x3B7, 'n'}, {0x3B9, 'i'},
    {0x3BA, 'k'}, {0x3BC, 'u'}, {0x3BD, 'v'}, {0x3BF, 'o'}, {0x3C1, 'p'}, {0x3C3, 'o'},
    {0x3C4, 't'}, {0x3C5, 'u'}, {0x3C7, 'x'}, {0x3C9, 'w'}, {0x570, 'h'}, {0x578, 'n'},
    {0x57D, 'u'}, {0x585, 'o'}, {0x581, 'g'}, {0x584, 'f'}, {0x566, 'q'},
};

struct KindRange {
  uint32_t end;  // exclusive; begins where the one before ends
  CharKind kind;
};
constexpr KindRange kKindRanges[] = {
    {0xC0, CharKind::kSymbol},       {0xD7, CharKind::kLetter},      {0xD8, CharKind::kSymbol},
    {0xF7, CharKind::kLetter},       {0xF8, CharKind::kSymbol},      {0x0E00, CharKind::kLetter},
    {0x0F00, CharKind::kCharacter},                                   // Thai, Lao
    {0x1000, CharKind::kLetter},     {0x10A0, CharKind::kCharacter},  // Burmese
    {0x1780, CharKind::kLetter},     {0x1800, CharKind::kCharacter},  // Khmer
    {0x2000, CharKind::kLetter},     {0x2C00, CharKind::kSymbol},     // punctuation, arrows, boxes
    {0x2E80, CharKind::kLetter},     {0x3000, CharKind::kCharacter}, {0x3040, CharKind::kSymbol},
    {0xA4D0, CharKind::kCharacter},                                // kana, Han
    {0xE000, CharKind::kLetter},     {0xF900, CharKind::kSymbol},  // Hangul; private use
    {0xFB00, CharKind::kCharacter},  {0xFFFD, CharKind::kLetter},    {0x20000, CharKind::kSymbol},
    {0x40000, CharKind::kCharacter},
};

std::array<char, 0x600> make_confusable_table() {
  std::array<char, 0x600> table{};
  for (const Confusable& entry : kConfusables) table[entry.from] = entry.to;
  return table;
}

}  // namespace

namespace detail {

CodePoint decode_wide(std::string_view text, size_t position) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[position + i]); };
  const uint8_t lead = byte(0);
  const size_t left = text.size() - position;
  const auto continued = [&](size_t count) {
    if (left <= count) return false;
    for (size_t i = 1; i <= count; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return false;
    }
    return true;
  };
  if (lead >= 0xC2 && lead < 0xE0 && continued(1)) {
    return {(lead & 0x1FU) << 6 | (byte(1) & 0x3FU), 2};
  }
  if (lead >= 0xE0 && lead < 0xF0 && continued(2)) {
    return {(lead & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU), 3};
  }
  if (lead >= 0xF0 && lead < 0xF5 && continued(3)) {
    return {
        (lead & 0x07U) << 18 | (byte(1) & 0x3FU) << 12 | (byte(2) & 0x3FU) << 6 | (byte(3) & 0x3FU),
        4};
  }
  return {kReplacement, 1};
}

uint32_t fold_wide(uint32_t code_point) {
  if (code_point >= kTableEnd) {
    const bool invisible = code_point >= 0xE0000 && code_point < 0xE1000;  // tags, selectors
    return invisible ? kInvisible : code_point;
  }
  const uint8_t page = kFoldIndex[code_point >> 6];
  return page == kIdentityPage ? code_point : kFoldPages[page][code_point & 63];
}

CharKind wide_kind(uint32_t folded) {
  const auto* range = std::find_if(std::begin(kKindRanges), std::end(kKindRanges),
                                   [&](const KindRange& r) { return folded < r.end; });
  return range == std::end(kKindRanges) ? CharKind::kSymbol : range->kind;
}

}  // namespace detail

uint32_t unconfuse(uint32_t folded) {
  static const std::array<char, 0x600> table = make_confusable_table();
  if (folded >= table.size() || table[folded] == 0) return folded;
  return static_cast<uint32_t>(table[folded]);
}

}  // namespace sonde::detect::model
