// What the validators of national identifiers share.
#pragma once

#include <initializer_list>
#include <string_view>

namespace sonde::detect {

inline int digit(char c) { return c - '0'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

inline constexpr std::string_view kPassportWords =
    "passport no|passport num|passport:|passport #|passport is|passport (|passport,|reisepass|"
    "passnummer|passeport|pasaporte|passaporto|passaporte|paspoort|"
    "\u043f\u0430\u0441\u043f\u043e\u0440\u0442|"
    "\u62a4\u7167|\u65c5\u5238";
inline constexpr std::string_view kLicenceWords =
    "driver's licen|driver\u2019s licen|drivers licen|driver licen|driving licen|dl number|dl no|"
    "f\u00fchrerschein|permis de conduire|permiso de conducir|licencia de conducir|patente di "
    "guida";

inline int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + digit(c);
  return value;
}

// Sum of digit times weight; digits beyond the weights do not count.
inline int weighted(std::string_view digits, std::initializer_list<int> weights) {
  int sum = 0;
  size_t i = 0;
  for (const int weight : weights) sum += weight * digit(digits[i++]);
  return sum;
}

inline bool is_month_day(int month, int day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

}  // namespace sonde::detect
