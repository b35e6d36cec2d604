#include "agent/detect/model/decoders.h"

#include <algorithm>
#include <array>

#include "agent/detect/model/decoders_internal.h"
#include "agent/detect/model/fold.h"

namespace sonde::detect::model {

View* Views::open(size_t start, size_t end) {
  if (count_ == kViews || bytes_ >= kViewBytes) return nullptr;
  if (views_.size() == count_) views_.emplace_back();
  View& view = views_[count_];
  view.text.clear();
  view.start = start;
  view.end = end;
  return &view;
}

void Views::keep() {
  bytes_ += views_[count_].text.size();
  ++count_;
}

namespace {

struct Signs {
  size_t escapes = 0;    // \uXXXX, \xXX, &#N;, %XX
  size_t tags = 0;       // U+E00xx and variation selectors
  size_t mixed = 0;      // letter, digit, letter
  size_t singles = 0;    // letters standing alone
  size_t literals = 0;   // = "..."
  size_t morse = 0;      // dots and dashes in a row
  size_t long_runs = 0;  // 16 and more of the base64 alphabet
  size_t digits = 0;     // longest stretch of digits, spaces, commas
  size_t pairs = 0;      // two hex digits standing alone
};

bool is_alnum(uint8_t c) { return is_ascii_letter(c) || is_ascii_digit(c); }
bool is_base64(uint8_t c) { return is_alnum(c) || c == '+' || c == '/' || c == '-' || c == '_'; }

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one pass over the bytes, a line a sign
Signs look(std::string_view text) {
  Signs signs;
  size_t run = 0;
  size_t digit_run = 0;
  size_t morse_run = 0;
  const auto at = [&](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t c = at(i);
    run = is_base64(c) ? run + 1 : 0;
    if (run == 16) ++signs.long_runs;
    if (c == ' ' && i >= 2 && hex_value(text[i - 1]) >= 0 && hex_value(text[i - 2]) >= 0 &&
        (i == 2 || !is_alnum(at(i - 3)))) {
      ++signs.pairs;
    }
    if (is_ascii_letter(c)) {
      digit_run = morse_run = 0;
      if (i > 0 && !is_alnum(at(i - 1)) && !is_alnum(at(i + 1)) && at(i + 1) < 0x80)
        ++signs.singles;
      continue;
    }
    if (c == ' ' || is_ascii_digit(c) || c == ',') {
      signs.digits = std::max(signs.digits, ++digit_run);
      if (is_ascii_digit(c) && i > 0 && is_ascii_letter(at(i - 1)) && is_ascii_letter(at(i + 1)))
        ++signs.mixed;
      if (c == ' ') continue;
    }
    if (c == '.' || c == '-' || c == '/')
      signs.morse = std::max(signs.morse, ++morse_run);
    else
      morse_run = 0;
    if ((c == '@' || c == '$') && i > 0 && is_ascii_letter(at(i - 1)) && is_ascii_letter(at(i + 1)))
      ++signs.mixed;
    if (c == '%' || (c == '\\' && (at(i + 1) == 'u' || at(i + 1) == 'x')) ||
        (c == '&' && at(i + 1) == '#')) {
      ++signs.escapes;
    }
    if (c == '=' &&
        (at(i + 1) == '"' || at(i + 1) == '\'' || at(i + 2) == '"' || at(i + 2) == '\''))
      ++signs.literals;
    if ((c == 0xF3 && at(i + 1) == 0xA0) || (c == 0xEF && at(i + 1) == 0xB8)) ++signs.tags;
  }
  return signs;
}

}  // namespace

void find_encoded(std::string_view text, const Lexicon& lexicon, Views& views) {
  const Signs signs = look(text);
  if (signs.tags >= 4) decode_tags(text, views);
  if (signs.long_runs > 0) {
    decode_base64_runs(text, views);
    decode_hex_runs(text, views);
  }
  if (signs.digits >= 24 || signs.long_runs > 0 || signs.pairs >= 6) {
    decode_hex_runs_spaced(text, views);
    decode_number_runs(text, views);
  }
  if (signs.escapes >= 5) decode_escapes(text, views);
  if (signs.morse >= 12) decode_morse(text, views);
  if (signs.singles >= 6) join_spaced(text, lexicon, views);
  if (signs.mixed >= 2) undo_leetspeak(text, lexicon, views);
  if (signs.literals >= 2) join_literals(text, views);
}

double known_share(std::string_view text, const Lexicon& lexicon) {
  size_t words = 0;
  size_t known = 0;
  uint32_t hash = kHashSeed;
  size_t length = 0;
  bool prefix = false;
  const auto finish = [&] {
    if (length >= 2) {
      ++words;
      const ClassId exact = lexicon.exact(hash);
      known += exact != kNoClass || (prefix && length >= 5) ? 1 : 0;
    }
    hash = kHashSeed;
    length = 0;
    prefix = false;
  };
  for (const char raw : text) {
    const uint32_t c = static_cast<uint8_t>(raw) | 32U;
    if (!is_ascii_letter(c)) {
      if (raw != '\'') finish();
      continue;
    }
    hash = hash_step(hash, c);
    if (++length >= 4 && lexicon.prefix(hash) != kNoClass) prefix = true;
  }
  finish();
  return words < 3 ? 0.0 : static_cast<double>(known) / static_cast<double>(words);
}

bool decode_run(std::string_view text, size_t start, size_t end, const Lexicon& lexicon,
                Views& views) {
  constexpr size_t kProbeBytes = 160;
  const std::string_view run = text.substr(start, std::min(end - start, size_t{8} << 10));
  const std::string_view probe = run.substr(0, kProbeBytes);
  View* view = views.open(start, end);
  if (view == nullptr) return false;
  double best = std::max(0.45, known_share(probe, lexicon) + 0.3);
  int best_shift = 0;  // 1..25 rot, 26 atbash, 27 reversal
  for (int shift = 1; shift <= 27; ++shift) {
    shift_letters(probe, shift, view->text);
    const double share = known_share(view->text, lexicon);
    if (share > best) {
      best = share;
      best_shift = shift;
    }
  }
  if (best_shift == 0) return false;
  shift_letters(run, best_shift, view->text);
  views.keep();
  return true;
}

}  // namespace sonde::detect::model
