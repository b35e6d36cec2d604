#include "collector/store/searchable.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace sonde::store {
namespace {

struct Letters {
  uint32_t first;
  uint32_t last;
  std::string_view base;
};
// Latin-1 Supplement and Latin Extended-A, by code point.
constexpr auto kLatin = std::to_array<Letters>(
    {{0xC0, 0xC5, "a"},   {0xC6, 0xC6, "ae"},   {0xC7, 0xC7, "c"},   {0xC8, 0xCB, "e"},
     {0xCC, 0xCF, "i"},   {0xD0, 0xD0, "d"},    {0xD1, 0xD1, "n"},   {0xD2, 0xD6, "o"},
     {0xD8, 0xD8, "o"},   {0xD9, 0xDC, "u"},    {0xDD, 0xDD, "y"},   {0xDE, 0xDE, "th"},
     {0xDF, 0xDF, "ss"},  {0xE0, 0xE5, "a"},    {0xE6, 0xE6, "ae"},  {0xE7, 0xE7, "c"},
     {0xE8, 0xEB, "e"},   {0xEC, 0xEF, "i"},    {0xF0, 0xF0, "d"},   {0xF1, 0xF1, "n"},
     {0xF2, 0xF6, "o"},   {0xF8, 0xF8, "o"},    {0xF9, 0xFC, "u"},   {0xFD, 0xFD, "y"},
     {0xFE, 0xFE, "th"},  {0xFF, 0xFF, "y"},    {0x100, 0x105, "a"}, {0x106, 0x10D, "c"},
     {0x10E, 0x111, "d"}, {0x112, 0x11B, "e"},  {0x11C, 0x123, "g"}, {0x124, 0x127, "h"},
     {0x128, 0x131, "i"}, {0x132, 0x133, "ij"}, {0x134, 0x135, "j"}, {0x136, 0x138, "k"},
     {0x139, 0x142, "l"}, {0x143, 0x14B, "n"},  {0x14C, 0x151, "o"}, {0x152, 0x153, "oe"},
     {0x154, 0x159, "r"}, {0x15A, 0x161, "s"},  {0x162, 0x167, "t"}, {0x168, 0x173, "u"},
     {0x174, 0x175, "w"}, {0x176, 0x178, "y"},  {0x179, 0x17E, "z"}, {0x17F, 0x17F, "s"}});

// "" for what is no such letter.
std::string_view base_of(uint32_t code) {
  const auto* const letters =
      std::lower_bound(kLatin.begin(), kLatin.end(), code,
                       [](const Letters& entry, uint32_t wanted) { return entry.last < wanted; });
  return letters != kLatin.end() && letters->first <= code ? letters->base : std::string_view();
}

bool within(uint32_t code, uint32_t first, uint32_t last) { return code >= first && code <= last; }

// Thai to Khmer, kana, and the blocks of Han.
bool is_unspaced(uint32_t code) {
  return within(code, 0x0E00, 0x0EFF) || within(code, 0x1000, 0x109F) ||
         within(code, 0x1780, 0x17FF) || within(code, 0x3041, 0x30FF) ||
         within(code, 0x3400, 0x4DBF) || within(code, 0x4E00, 0x9FFF) ||
         within(code, 0xF900, 0xFAFF) || within(code, 0x20000, 0x3FFFF);
}

bool is_combining(uint32_t code) { return within(code, 0x300, 0x36F); }

// The code point that `text` begins with.
uint32_t code_at(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  uint32_t code = lead < 0x80   ? lead
                  : lead < 0xE0 ? lead & 0x1FU
                  : lead < 0xF0 ? lead & 0xFU
                                : lead & 7U;
  for (size_t i = 1; i < text.size(); ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return code;
}

size_t bytes_at(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(bytes, text.size());
}

// Pairs of neighbours, with spaces around.
void append_run(std::string& out, std::vector<std::string_view>& run, SearchSide side) {
  if (run.empty()) return;
  out += ' ';
  for (size_t i = 0; i + 1 < run.size(); ++i) out.append(run[i]).append(run[i + 1]) += ' ';
  const bool query = side == SearchSide::kQuery;
  if (!query || run.size() == 1) out.append(run.back()).append(query ? "* " : " ");
  run.clear();
}

}  // namespace

std::string searchable_form(std::string_view text, SearchSide side) {
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (plain) return std::string(text);
  std::string out;
  out.reserve(text.size());
  std::vector<std::string_view> run;
  while (!text.empty()) {
    const std::string_view character = text.substr(0, bytes_at(text));
    text.remove_prefix(character.size());
    const uint32_t code = code_at(character);
    if (is_unspaced(code)) {
      run.push_back(character);
      continue;
    }
    if (is_combining(code)) continue;
    append_run(out, run, side);
    if (const std::string_view base = base_of(code); !base.empty()) {
      out += base;
    } else if (within(code, 0xFF01, 0xFF5E)) {
      out += static_cast<char>(code - 0xFF01 + '!');
    } else {
      out += character;
    }
  }
  append_run(out, run, side);
  return out;
}

}  // namespace sonde::store
