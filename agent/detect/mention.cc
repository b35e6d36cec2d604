#include "agent/detect/mention.h"

#include <algorithm>
#include <array>
#include <vector>

#include "agent/detect/national_ids.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

struct Quotation {
  size_t start;  // of the opening mark
  size_t end;    // past the closing mark
};

// Who follows a quoted order is given one sentence, seldom two; whole role plays are no quotation.
constexpr size_t kLongestQuotation = 240;
constexpr size_t kMostQuotations = 64;

struct Marks {
  std::string_view open;
  std::string_view close;
};
constexpr auto kMarks = std::to_array<Marks>({{"\"", "\""},
                                              {"`", "`"},
                                              {"'", "'"},
                                              {"\u201c", "\u201d"},
                                              {"\u201e", "\u201c"},
                                              {"\u2018", "\u2019"},
                                              {"\u00ab", "\u00bb"}});

bool is_word(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

// A quotation begins behind no letter ("don't") and ends before none.
std::optional<Quotation> quotation_at(std::string_view text, size_t at) {
  if (at > 0 && is_word(text[at - 1])) return std::nullopt;
  for (const Marks& marks : kMarks) {
    if (text.substr(at, marks.open.size()) != marks.open) continue;
    const size_t from = at + marks.open.size();
    const std::string_view reach = text.substr(from, kLongestQuotation + marks.close.size());
    for (size_t close = reach.find(marks.close); close != reach.npos;
         close = reach.find(marks.close, close + 1)) {
      const size_t end = from + close + marks.close.size();
      if (end < text.size() && is_word(text[end])) continue;
      return close > 0 ? std::optional(Quotation{at, end}) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::vector<Quotation> quotations_of(std::string_view text) {
  constexpr std::string_view kFirstBytes = "\"`'\xe2\xc2";
  std::vector<Quotation> found;
  size_t at = text.find_first_of(kFirstBytes);
  while (at != text.npos && found.size() < kMostQuotations) {
    const auto quotation = quotation_at(text, at);
    if (quotation) found.push_back(*quotation);
    at = text.find_first_of(kFirstBytes, quotation ? quotation->end : at + 1);
  }
  return found;
}

// `SYSTEM_PROMPT = "`: code that sets a prompt for another model.
bool is_prompt_of_code(std::string_view text, const Quotation& quotation) {
  size_t end = quotation.start;
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '(')) --end;
  if (end == 0 || text[end - 1] != '=') return false;
  constexpr size_t kLongestName = 60;             // with its type
  const size_t line = text.rfind('\n', end) + 1;  // 0 in the first line
  if (end - line > kLongestName) return false;
  const std::string name = lower_case(text.substr(line, end - line));
  return name.find("prompt") != name.npos || name.find("instruction") != name.npos;
}

// Words of those who write about attacks. Nobody who attacks says so.
bool speaks_of_attacks(std::string_view words) {
  const WordsNear near{lower_case(words)};
  return near.any_of(
      "attacker|advisory|cve-|payload|injection attack|prompt injection|researcher|classifier|"
      "detector|flagged|red team|red-team|sanitiz|sanitis|unit test|phishing|the worm|owasp|"
      "jailbreak prompts|adversarial|angreifer|attaquant|atacante");
}

void blank(std::string& text, const Quotation& quotation) {
  for (size_t i = quotation.start; i < quotation.end; ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

}  // namespace

std::optional<std::string> without_mentions(std::string_view text, size_t start, size_t end) {
  constexpr size_t kLongest = size_t{2} << 10;  // jailbreaks are long, questions about them short
  if (text.size() > kLongest) return std::nullopt;
  const std::vector<Quotation> quotations = quotations_of(text);
  const bool quoted = std::any_of(
      quotations.begin(), quotations.end(),
      [&](const Quotation& quotation) { return quotation.start < end && start < quotation.end; });
  if (!quoted) return std::nullopt;
  std::string rest(text);
  for (const Quotation& quotation : quotations) blank(rest, quotation);
  if (speaks_of_attacks(rest)) return rest;
  // Without such words only the prompts in code are taken out.
  rest = text;
  bool any = false;
  for (const Quotation& quotation : quotations) {
    if (!is_prompt_of_code(text, quotation)) continue;
    blank(rest, quotation);
    any = true;
  }
  return any ? std::optional(std::move(rest)) : std::nullopt;
}

}  // namespace sonde::detect
