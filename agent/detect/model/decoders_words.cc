// Encodings of letters: spacing, leetspeak, Morse, alphabets, split strings.
#include <algorithm>
#include <array>

#include "agent/detect/model/decoders_internal.h"
#include "agent/detect/model/fold.h"

namespace sonde::detect::model {
namespace {

constexpr std::string_view kMorse[36] = {
    ".-",    "-...",  "-.-.",  "-..",   ".",     "..-.",  "--.",   "....",  "..",
    ".---",  "-.-",   ".-..",  "--",    "-.",    "---",   ".--.",  "--.-",  ".-.",
    "...",   "-",     "..-",   "...-",  ".--",   "-..-",  "-.--",  "--..",  "-----",
    ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----."};

uint8_t at(std::string_view text, size_t i) {
  return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
}

// Cuts letters written without spaces into the longest words the lexicon knows.
void append_split(std::string_view glued, const Lexicon& lexicon, std::string& out) {
  constexpr size_t kLongestWord = 16;
  for (size_t i = 0; i < glued.size();) {
    uint32_t hash = kHashSeed;
    size_t best = 1;
    for (size_t length = 1; length <= kLongestWord && i + length <= glued.size(); ++length) {
      hash = hash_step(hash, at(glued, i + length - 1) | 32U);
      if (length >= 2 && lexicon.contains(hash)) best = length;
    }
    out.append(glued.substr(i, best));
    i += best;
    // A letter of its own is the rest of the word before, as "s" after a stem.
    if (best > 1 && i < glued.size()) {
      uint32_t next = kHashSeed;
      bool starts_word = false;
      for (size_t length = 1; length <= kLongestWord && i + length <= glued.size(); ++length) {
        next = hash_step(next, at(glued, i + length - 1) | 32U);
        starts_word |= length >= 2 && lexicon.contains(next);
      }
      if (starts_word) out.push_back(' ');
    }
  }
}

char leet_letter(char c) {
  switch (c) {
    case '0':
      return 'o';
    case '1':
    case '!':
    case '|':
      return 'i';
    case '3':
      return 'e';
    case '4':
    case '@':
      return 'a';
    case '5':
    case '$':
      return 's';
    case '7':
    case '+':
      return 't';
    case '8':
      return 'b';
    case '9':
      return 'g';
    default:
      return c;
  }
}

void append_morse(std::string_view signs, std::string& out) {
  while (!signs.empty()) {
    const size_t length = std::min(signs.find_first_not_of(".-"), signs.size());
    const auto* found = std::find(std::begin(kMorse), std::end(kMorse), signs.substr(0, length));
    if (found != std::end(kMorse)) {
      const auto index = static_cast<int>(found - std::begin(kMorse));
      out.push_back(static_cast<char>(index < 26 ? 'a' + index : '0' + index - 26));
    }
    signs.remove_prefix(length);
    if (signs.empty()) return;
    if (signs.front() != ' ') out.push_back(' ');
    signs.remove_prefix(1);
  }
}

}  // namespace

void shift_letters(std::string_view text, int shift, std::string& out) {
  out.assign(text);
  if (shift == 27) {
    std::reverse(out.begin(), out.end());
    return;
  }
  for (char& c : out) {
    const auto lower = static_cast<char>(c | 32);
    if (lower < 'a' || lower > 'z') continue;
    const int letter = lower - 'a';
    c = static_cast<char>('a' + (shift == 26 ? 25 - letter : (letter + 26 - shift) % 26));
  }
}

// "i g n o r e   a l l": letters with the same single sign between them.
void join_spaced(std::string_view text, const Lexicon& lexicon, Views& views) {
  const auto letter_alone = [&](size_t i) {
    return is_ascii_letter(at(text, i)) && !is_ascii_letter(at(text, i + 1)) &&
           !is_ascii_digit(at(text, i + 1));
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (!letter_alone(i) || (i > 0 && is_ascii_letter(at(text, i - 1)))) continue;
    const size_t start = i;
    std::string glued;
    std::string spaced;
    while (letter_alone(i)) {
      glued.push_back(text[i++]);
      size_t gap = 0;
      while (gap < 6 && i + gap < text.size() && !is_ascii_letter(at(text, i + gap)) &&
             !is_ascii_digit(at(text, i + gap)) && at(text, i + gap) < 0x80) {
        ++gap;
      }
      if (gap > 1) {
        append_split(glued, lexicon, spaced);
        spaced.push_back(' ');
        glued.clear();
      }
      i += gap;
    }
    append_split(glued, lexicon, spaced);
    if (i - start < 12 || spaced.size() < 6) continue;
    View* view = views.open(start, std::min(i, text.size()));
    if (view == nullptr) return;
    view->text = spaced;
    views.keep();
  }
}

// Words of letters and the digits that look like letters; kept if two of them become known words.
void undo_leetspeak(std::string_view text, const Lexicon& lexicon, Views& views) {
  View* view = views.open(0, text.size());
  if (view == nullptr) return;
  const size_t limit = std::min(text.size(), views.room());
  view->text.assign(text.substr(0, limit));
  size_t recovered = 0;
  for (size_t i = 0; i < limit;) {
    size_t end = i;
    size_t letters = 0;
    size_t signs = 0;
    uint32_t hash = kHashSeed;
    uint32_t plain = kHashSeed;
    bool prefix = false;
    for (; end < limit && end - i < kViewBytes; ++end) {
      const auto c = leet_letter(text[end]);
      if (!is_ascii_letter(static_cast<uint8_t>(c))) break;
      (c == text[end] ? letters : signs) += 1;
      hash = hash_step(hash, static_cast<uint8_t>(c) | 32U);
      plain = hash_step(plain, at(text, end) | 32U);
      prefix |= end - i >= 4 && lexicon.prefix(hash) != kNoClass;
    }
    if (letters > 0 && signs > 0 && end - i >= 3 && (prefix || lexicon.exact(hash) != kNoClass)) {
      ++recovered;
      for (size_t k = i; k < end; ++k) view->text[k] = leet_letter(text[k]);
    }
    i = std::max(end, i + 1);
  }
  if (recovered >= 2) views.keep();
}

void decode_morse(std::string_view text, Views& views) {
  constexpr size_t kShortest = 24;
  constexpr std::string_view kSigns = ".-/| ";
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' || kSigns.find(text[i]) == std::string_view::npos) continue;
    const size_t start = i;
    i = std::min(text.find_first_not_of(kSigns, i), text.size());
    if (i - start < kShortest) continue;
    View* view = views.open(start, i);
    if (view == nullptr) return;
    append_morse(text.substr(start, i - start), view->text);
    if (reads_as_text(view->text)) views.keep();
  }
}

// a = "ign"; b = "ore all": the quoted parts in order, once glued and once with spaces.
void join_literals(std::string_view text, Views& views) {
  constexpr size_t kLongestLiteral = 400;
  View* view = views.open(0, text.size());
  if (view == nullptr) return;
  size_t parts = 0;
  for (size_t i = 0; i + 2 < text.size() && view->text.size() < views.room(); ++i) {
    if (text[i] != '=') continue;
    size_t quote = i + 1;
    while (quote < text.size() && text[quote] == ' ') ++quote;
    const char mark = quote < text.size() ? text[quote] : '\0';
    if (mark != '"' && mark != '\'') continue;
    const std::string_view rest = text.substr(quote + 1, kLongestLiteral);
    const size_t length = rest.find(mark);
    if (length == std::string_view::npos) continue;
    view->text.append(rest.substr(0, length));
    ++parts;
    i = quote + 1 + length;
  }
  if (parts >= 2) views.keep();
}

}  // namespace sonde::detect::model
