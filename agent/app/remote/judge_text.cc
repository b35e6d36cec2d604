#include "agent/app/remote/judge_text.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "agent/detect/provenance/sentences.h"
#include "agent/detect/unicode.h"

namespace sonde::app {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

// The most of `text` from its start that has `units`; whole code points.
size_t longest_prefix(std::string_view text, size_t units) {
  size_t position = 0;
  while (position < text.size()) {
    const detect::CodePointAt at = detect::code_point_at(text, position);
    const size_t needed = at.value > 0xFFFF ? 2 : 1;
    if (needed > units) break;
    units -= needed;
    position += at.length;
  }
  return position;
}

// Where sentences begin, and the end of the text.
std::vector<size_t> borders_of(std::string_view text) {
  std::vector<size_t> borders = {0};
  detect::SentenceCutter cutter(text);
  for (detect::Sentence sentence; cutter.next(sentence);) {
    const size_t start = std::min(text.find_first_not_of(kSpaces, sentence.start), text.size());
    if (start > borders.back()) borders.push_back(start);
  }
  if (borders.back() < text.size()) borders.push_back(text.size());
  return borders;
}

}  // namespace

size_t utf16_units(std::string_view text) {
  size_t units = 0;
  for (size_t i = 0; i < text.size();) {
    const detect::CodePointAt at = detect::code_point_at(text, i);
    units += at.value > 0xFFFF ? 2 : 1;
    i += at.length;
  }
  return units;
}

std::string_view cut_to_sentences(std::string_view text, size_t focus, size_t characters) {
  if (utf16_units(text) <= characters) return text;
  const std::vector<size_t> borders = borders_of(text);
  const auto span = [&](size_t first, size_t last) {
    return text.substr(borders[first], borders[last] - borders[first]);
  };
  const auto behind = std::upper_bound(borders.begin(), std::prev(borders.end()), focus);
  auto last = static_cast<size_t>(behind - borders.begin());
  size_t first = last - 1;  // the first border is 0
  size_t used = utf16_units(span(first, last));
  if (used > characters) {
    const std::string_view rest = text.substr(borders[first]);
    return rest.substr(0, longest_prefix(rest, characters));
  }
  // What stands before an order says as much as what follows: both sides grow in turn.
  bool stuck[2] = {false, false};
  for (size_t side = 0; !stuck[0] || !stuck[1]; side = 1 - side) {
    const bool before = side == 0;
    const bool more = before ? first > 0 : last + 1 < borders.size();
    const size_t units = !more    ? 0
                         : before ? utf16_units(span(first - 1, first))
                                  : utf16_units(span(last, last + 1));
    stuck[side] = !more || used + units > characters;
    if (stuck[side]) continue;
    used += units;
    before ? --first : ++last;
  }
  const std::string_view shown = span(first, last);
  return shown.substr(0, shown.find_last_not_of(kSpaces) + 1);
}

}  // namespace sonde::app
