#include "agent/detect/postal_address.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "agent/detect/national_ids.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

constexpr size_t kReach = 56;  // bytes of a street before or behind its number
constexpr size_t kWordsOfStreet = 5;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (static_cast<uint8_t>(c) & 0x80) != 0;
}
bool is_alnum(char c) { return is_letter(c) || is_digit(c); }

// "12 Mill Lane", "4B St. John's Road": the word after the name.
constexpr auto kEnglish = std::to_array<std::string_view>(
    {"street", "st",      "avenue",    "ave",   "road",    "rd",      "lane",    "ln",
     "drive",  "dr",      "boulevard", "blvd",  "court",   "ct",      "place",   "pl",
     "square", "terrace", "crescent",  "close", "highway", "hwy",     "parkway", "pkwy",
     "way",    "circle",  "cir",       "trail", "grove",   "gardens", "mews",    "row"});
// "Rua Augusta 12", "Via Roma, 4", "ul. Polna 7": the word before the name. French puts the number
// first: "12, rue de la Paix".
constexpr auto kRoman = std::to_array<std::string_view>(
    {"calle",    "c/",      "avenida",  "avda",  "plaza",  "paseo",  "camino", "carrera",
     "via",      "viale",   "piazza",   "corso", "vicolo", "rua",    "praça",  "praca",
     "travessa", "alameda", "ul",       "ulica", "aleja",  "al",     "ул",     "улица",
     "вул",      "вулиця",  "проспект", "пр",    "str",    "strada", "ulice"});
constexpr auto kFrench =
    std::to_array<std::string_view>({"rue", "avenue", "boulevard", "place", "chemin", "allée",
                                     "allee", "impasse", "quai", "cours", "route", "bd", "bis"});
// "Lindenstraße 5", "Kerkstraat 12", "Storgatan 3": the end of the name.
constexpr auto kGermanic = std::to_array<std::string_view>(
    {"straße", "strasse", "str",   "weg",    "platz", "gasse", "allee", "damm",
     "ufer",   "straat",  "laan",  "gracht", "plein", "kade",  "gatan", "vägen",
     "gade",   "vej",     "veien", "gata",   "katu",  "tie"});

template <typename Table>
bool is_in(const Table& table, std::string_view word) {
  return std::find(table.begin(), table.end(), word) != table.end();
}

struct Word {
  size_t start;
  size_t end;
  bool capital;
};

// Words from `start` on, parted by one or two blanks, commas or dots; a line's end ends them.
std::vector<Word> words_behind(std::string_view text, size_t start) {
  std::vector<Word> words;
  size_t i = start;
  const size_t limit = std::min(text.size(), start + kReach);
  while (i < limit && words.size() < kWordsOfStreet) {
    size_t blanks = 0;
    while (i < limit && (text[i] == ' ' || text[i] == ',' || text[i] == '.') && blanks < 2) {
      ++i;
      ++blanks;
    }
    const size_t first = i;
    while (i < limit && (is_letter(text[i]) || text[i] == '\'' || text[i] == '-')) ++i;
    if (i == first) break;
    words.push_back({first, i, is_capital(text[first]) || (text[first] & 0x80) != 0});
  }
  return words;
}

// The same towards the start of the text, nearest first.
std::vector<Word> words_before(std::string_view text, size_t end, size_t from) {
  std::vector<Word> words;
  size_t i = end;
  const size_t limit = std::max(from, end > kReach ? end - kReach : 0);
  while (i > limit && words.size() < kWordsOfStreet) {
    size_t blanks = 0;
    while (i > limit && (text[i - 1] == ' ' || text[i - 1] == ',' || text[i - 1] == '.') &&
           blanks < 2) {
      --i;
      ++blanks;
    }
    const size_t last = i;
    while (i > limit && (is_letter(text[i - 1]) || text[i - 1] == '\'' || text[i - 1] == '-' ||
                         text[i - 1] == '/')) {
      --i;
    }
    if (i == last) break;
    words.push_back({i, last, is_capital(text[i]) || (text[i] & 0x80) != 0});
  }
  return words;
}

std::string folded(std::string_view text, const Word& word) {
  return lower_case(text.substr(word.start, word.end - word.start));
}

// End of the house number: digits, a letter, "12-14".
size_t number_end(std::string_view text, size_t number) {
  constexpr size_t kLongest = 5;
  size_t end = number;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end - number > kLongest) return 0;
  if (end < text.size() && is_letter(text[end]) &&
      (end + 1 == text.size() || !is_alnum(text[end + 1]))) {
    ++end;
  }
  return end < text.size() && is_alnum(text[end]) ? 0 : end;
}

// "12 Mill Lane" and "12, rue de la Paix".
std::optional<std::pair<size_t, size_t>> street_behind(std::string_view text, size_t number,
                                                       size_t end) {
  const std::vector<Word> words = words_behind(text, end);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = folded(text, words[i]);
    if (i == 0 && words.size() >= 2 && is_in(kFrench, word)) {
      size_t last = i + 1;
      while (last + 1 < words.size() && !words[last].capital) ++last;
      if (words[last].capital) return std::pair(number, words[last].end);
    }
    if (i > 0 && words[i].capital && is_in(kEnglish, word)) {
      return std::pair(number, words[i].end);
    }
    if (!words[i].capital) break;
  }
  return std::nullopt;
}

// "Lindenstraße 5", "Calle Mayor, 4", "ul. Polna 7".
std::optional<std::pair<size_t, size_t>> street_before(std::string_view text, size_t number,
                                                       size_t end, size_t from) {
  const std::vector<Word> words = words_before(text, number, from);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = folded(text, words[i]);
    const bool germanic =
        i == 0 && words[i].capital &&
        std::any_of(kGermanic.begin(), kGermanic.end(), [&](std::string_view ending) {
          return word.size() >= ending.size() + 3 && word.ends_with(ending);
        });
    const bool roman = i > 0 && words[i - 1].capital && is_in(kRoman, word);
    if (germanic || roman) return std::pair(words[i].start, end);
  }
  return std::nullopt;
}

// "2004", unless a town follows.
bool is_year(std::string_view text, size_t start, size_t end) {
  const std::string_view number = text.substr(start, end - start);
  if (number.size() != 4 || (!number.starts_with("19") && !number.starts_with("20"))) return false;
  return end + 1 >= text.size() || text[end] != ' ' || !is_capital(text[end + 1]);
}

// An address goes on behind its street with a comma, a line's end, a flat, or the postal code.
bool goes_on(std::string_view text, size_t end) {
  while (end < text.size() && (text[end] == ' ' || text[end] == '.')) ++end;
  if (end >= text.size()) return false;
  if (is_digit(text[end]) ||
      std::string_view(",;\n\r-\\#").find(text[end]) != std::string_view::npos) {
    return true;
  }
  constexpr auto kFlats = std::to_array<std::string_view>(
      {"apt", "apartment", "suite", "ste", "unit", "floor", "flat"});
  const std::vector<Word> next = words_behind(text, end);
  return !next.empty() && is_in(kFlats, folded(text, next[0]));
}

// The end of a postal code within reach: "10115", "SW1A 2AA", "1012 AB", "00-950", "K1A 0B1".
size_t postal_code_end(std::string_view text, size_t start) {
  constexpr size_t kNear = 64;
  const size_t limit = std::min(text.size(), start + kNear);
  for (size_t i = start; i < limit; ++i) {
    if (!is_alnum(text[i]) || (i > 0 && is_alnum(text[i - 1]))) continue;
    size_t end = i;
    size_t digits = 0;
    while (end < text.size() && (is_alnum(text[end]) || text[end] == '-')) {
      digits += is_digit(text[end]) ? 1 : 0;
      ++end;
    }
    const size_t size = end - i;
    const bool number = digits >= 4 && digits <= 9 && digits + 1 >= size;
    // Letters and digits in two groups: Great Britain, Canada.
    const bool mixed = digits > 0 && size >= 2 && size <= 4 && is_capital(text[i]) &&
                       end + 3 < text.size() && text[end] == ' ' && is_digit(text[end + 1]);
    if (number && !is_year(text, i, end)) return end;
    if (mixed) return end + 4;
    // "111 51": Sweden, Greece, the Czech Republic.
    const bool split = digits == 3 && size == 3 && end + 2 < text.size() && text[end] == ' ' &&
                       is_digit(text[end + 1]) && is_digit(text[end + 2]) &&
                       (end + 3 == text.size() || !is_alnum(text[end + 3]));
    if (split) return end + 3;
    i = end;
  }
  return 0;
}

bool named_before(std::string_view text, size_t start) {
  constexpr size_t kBefore = 40;
  const size_t from = start > kBefore ? start - kBefore : 0;
  const WordsNear near{lower_case(text.substr(from, start - from))};
  return near.any_of(
      "address|adresse|anschrift|wohn|dirección|direccion|domicilio|indirizzo|endereço|endereco|"
      "adres|lives at|living at|live at|reside|resident|home is|moved to|habite|vive en|vivo en|"
      "abita|mora na|woont|адрес|проживает|ship to|deliver to");
}

}  // namespace

std::optional<std::pair<size_t, size_t>> find_postal_address(std::string_view text, size_t number,
                                                             size_t from) {
  if (number > 0 && (is_alnum(text[number - 1]) || text[number - 1] == '.')) return std::nullopt;
  const size_t end = number_end(text, number);
  if (end == 0) return std::nullopt;
  auto street = street_behind(text, number, end);
  if (!street) street = street_before(text, number, end, from);
  if (!street) return std::nullopt;
  const size_t code = goes_on(text, street->second) ? postal_code_end(text, street->second) : 0;
  if (code != 0) return std::pair(street->first, code);
  if (named_before(text, street->first)) return street;
  return std::nullopt;
}

}  // namespace sonde::detect
