#include "agent/detect/check_digits.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sonde::detect {

namespace {

int digit(char c) { return c - '0'; }

unsigned leading(std::string_view digits, size_t count) {
  unsigned value = 0;
  for (const char c : digits.substr(0, count)) value = value * 10 + static_cast<unsigned>(digit(c));
  return value;
}

struct CountryLength {
  std::string_view country;
  uint8_t length;
};
// IBAN registry, release 97.
constexpr auto kIbanLengths = std::to_array<CountryLength>(
    {{"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
     {"BH", 22}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22},
     {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27},
     {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28},
     {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20},
     {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27},
     {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15},
     {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24},
     {"SC", 31}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"ST", 25}, {"SV", 28}, {"TL", 23},
     {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}});

struct CardRange {
  unsigned low;  // of the first six digits
  unsigned high;
  uint8_t min_length;
  uint8_t max_length;
};
constexpr auto kCardRanges = std::to_array<CardRange>({
    {400000, 499999, 13, 19},  // Visa
    {510000, 559999, 16, 16},  // Mastercard
    {222100, 272099, 16, 16},  // Mastercard
    {340000, 349999, 15, 15},  // American Express
    {370000, 379999, 15, 15},  // American Express
    {601100, 601199, 16, 19},  // Discover
    {644000, 659999, 16, 19},  // Discover
    {300000, 305999, 14, 19},  // Diners Club
    {360000, 369999, 14, 19},  // Diners Club
    {380000, 399999, 14, 19},  // Diners Club
    {352800, 358999, 16, 19},  // JCB
    {620000, 629999, 16, 19},  // UnionPay
    {500000, 509999, 12, 19},  // Maestro
    {560000, 589999, 12, 19},  // Maestro
    {630000, 639999, 12, 19},  // Maestro
    {670000, 679999, 12, 19},  // Maestro
});

}  // namespace

bool luhn(std::string_view digits) {
  int sum = 0;
  bool doubled = false;
  for (size_t i = digits.size(); i-- > 0; doubled = !doubled) {
    int value = digit(digits[i]) * (doubled ? 2 : 1);
    if (value > 9) value -= 9;
    sum += value;
  }
  return sum % 10 == 0;
}

bool iban_valid(std::string_view iban) {
  if (iban.size() < 15) return false;
  const auto country =
      std::find_if(kIbanLengths.begin(), kIbanLengths.end(),
                   [&](const CountryLength& entry) { return entry.country == iban.substr(0, 2); });
  if (country == kIbanLengths.end() || country->length != iban.size()) return false;
  unsigned remainder = 0;
  for (size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()];
    remainder = c >= 'A' ? remainder * 100 + static_cast<unsigned>(c - 'A' + 10)
                         : remainder * 10 + static_cast<unsigned>(digit(c));
    remainder %= 97;
  }
  return remainder == 1;
}

bool payment_card_valid(std::string_view digits) {
  if (digits.size() < 12 || digits.size() > 19) return false;
  const unsigned prefix = leading(digits, 6);
  const bool known = std::any_of(kCardRanges.begin(), kCardRanges.end(), [&](const CardRange& r) {
    return prefix >= r.low && prefix <= r.high && digits.size() >= r.min_length &&
           digits.size() <= r.max_length;
  });
  const bool uniform =
      std::all_of(digits.begin(), digits.end(), [&](char c) { return c == digits[0]; });
  return known && !uniform && luhn(digits);
}

}  // namespace sonde::detect
