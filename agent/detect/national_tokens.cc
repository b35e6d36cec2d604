#include <algorithm>
#include <array>
#include <string>

#include "agent/detect/check_digits.h"
#include "agent/detect/national_digits.h"
#include "agent/detect/national_ids.h"

namespace sonde::detect {

namespace {

// 'A': capital letter, '9': digit, '*': either; others stand for themselves.
bool fits(std::string_view token, std::string_view shape) {
  if (token.size() != shape.size()) return false;
  for (size_t i = 0; i < token.size(); ++i) {
    const char c = token[i];
    const char s = shape[i];
    const bool same = s == 'A'   ? is_upper(c)
                      : s == '9' ? is_digit(c)
                      : s == '*' ? is_upper(c) || is_digit(c)
                                 : c == s;
    if (!same) return false;
  }
  return true;
}

bool es_dni(std::string_view t) {
  constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
  std::string digits(t.substr(0, 8));
  if (t[0] >= 'X' && t[0] <= 'Z') digits[0] = static_cast<char>('0' + (t[0] - 'X'));
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  return kLetters[static_cast<size_t>(number(digits)) % 23] == t[8];
}
bool es_dni_marked(std::string_view t) { return es_dni(std::string(t.substr(0, 8)) + t.back()); }
bool it_codice_fiscale(std::string_view t) {
  constexpr std::array<int, 26> kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                        20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  int sum = 0;
  for (size_t i = 0; i < 15; ++i) {
    const int value = is_digit(t[i]) ? digit(t[i]) : t[i] - 'A';
    sum += i % 2 == 0 ? kOdd[static_cast<size_t>(value)] : value;
  }
  return 'A' + sum % 26 == t[15];
}
bool sg_nric(std::string_view t) {
  if (std::string_view("STFG").find(t[0]) == std::string_view::npos) return false;
  int sum = weighted(t.substr(1), {2, 7, 6, 5, 4, 3, 2});
  if (t[0] == 'T' || t[0] == 'G') sum += 4;
  const std::string_view letters = t[0] == 'S' || t[0] == 'T' ? "JZIHGFEDCBA" : "XWUTRQPNMLK";
  return letters[static_cast<size_t>(sum % 11)] == t[8];
}
bool tw_id(std::string_view t) {
  constexpr std::string_view kOrder = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
  const size_t letter = kOrder.find(t[0]);
  if (letter == std::string_view::npos || (t[1] != '1' && t[1] != '2')) return false;
  const int code = static_cast<int>(letter) + 10;
  return (code / 10 + code % 10 * 9 + weighted(t.substr(1), {8, 7, 6, 5, 4, 3, 2, 1, 1})) % 10 == 0;
}
bool ie_pps(std::string_view t) {
  int sum = weighted(t, {8, 7, 6, 5, 4, 3, 2});
  if (t.size() == 9) sum += (t[8] - 'A' + 1) * 9;
  return "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23] == t[7];
}
bool fi_hetu(std::string_view t) {
  constexpr std::string_view kLetters = "0123456789ABCDEFHJKLMNPRSTUVWXY";
  const std::string digits = std::string(t.substr(0, 6)) + std::string(t.substr(7, 3));
  return is_month_day(number(t.substr(2, 2)), number(t.substr(0, 2))) &&
         kLetters[static_cast<size_t>(number(digits)) % 31] == t[10];
}
bool cn_id_x(std::string_view t) {
  return weighted(t, {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}) % 11 == 2;
}
bool uk_nino(std::string_view t) {
  constexpr std::string_view kNever = "DFIQUV";
  const std::string_view prefix = t.substr(0, 2);
  return kNever.find(t[0]) == kNever.npos && kNever.find(t[1]) == kNever.npos && t[1] != 'O' &&
         prefix != "BG" && prefix != "GB" && prefix != "NK" && prefix != "KN" && prefix != "TN" &&
         prefix != "NT" && prefix != "ZZ" && t.back() <= 'D';
}
bool mx_curp(std::string_view t) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMN*OPQRSTUVWXYZ";
  int sum = 0;
  for (size_t i = 0; i < 17; ++i)
    sum += static_cast<int>(kAlphabet.find(t[i])) * (18 - static_cast<int>(i));
  return (t[10] == 'H' || t[10] == 'M') && (10 - sum % 10) % 10 == digit(t[17]);
}
bool any_token(std::string_view /*t*/) { return true; }
bool in_pan(std::string_view t) {
  return std::string_view("PCHFATBLJG").find(t[3]) != std::string_view::npos;
}
bool cl_rut(std::string_view t) {
  int sum = 0;
  int weight = 2;
  size_t digits = 0;
  for (size_t i = t.size() - 2; i-- > 0;) {
    if (!is_digit(t[i])) continue;
    sum += digit(t[i]) * weight;
    weight = weight == 7 ? 2 : weight + 1;
    ++digits;
  }
  const int check = 11 - sum % 11;
  const char expected = check == 11 ? '0' : check == 10 ? 'K' : static_cast<char>('0' + check);
  return digits >= 7 && expected == t.back();
}

struct TokenRule {
  std::string_view type;
  std::string_view shape;
  bool (*valid)(std::string_view token);
  bool unmistakable;
  std::string_view words;
};
constexpr auto kTokens = std::to_array<TokenRule>({
    {"es_dni", "99999999A", es_dni, false, "dni|nif|documento nacional|spanish"},
    {"es_dni", "99999999-A", es_dni_marked, false, "dni|nif|documento nacional|spanish"},
    {"es_nie", "A9999999A", es_dni, false, "nie|extranjero"},
    {"it_codice_fiscale", "AAAAAA99A99A999A", it_codice_fiscale, true, ""},
    {"sg_nric", "A9999999A", sg_nric, false, "nric|fin |singapore"},
    {"tw_id", "A999999999", tw_id, false, "taiwan|\u8eab\u5206\u8b49"},
    {"ie_pps", "9999999A", ie_pps, false, "pps"},
    {"ie_pps", "9999999AA", ie_pps, false, "pps"},
    {"fi_hetu", "999999-999*", fi_hetu, true, ""},
    {"fi_hetu", "999999A999*", fi_hetu, true, ""},
    {"cn_id", "99999999999999999X", cn_id_x, true, ""},
    {"uk_nino", "AA999999A", uk_nino, false, "national insurance|nino|ni number|ni no"},
    {"uk_nino", "AA 99 99 99 A", uk_nino, true, ""},
    {"mx_curp", "AAAA999999AAAAAA*9", mx_curp, true, ""},
    {"in_pan", "AAAAA9999A", in_pan, false,
     "pan |pan:|pan,|pan=|pan\"|pan'|permanent account|income tax"},
    {"cl_rut", "99.999.999-*", cl_rut, true, ""},
    {"cl_rut", "9.999.999-*", cl_rut, true, ""},
    {"cl_rut", "99999999-*", cl_rut, false, "rut"},
    {"passport", "A9999999", any_token, false, kPassportWords},
    {"passport", "A99999999", any_token, false, kPassportWords},
    {"passport", "AA9999999", any_token, false, kPassportWords},
    {"passport", "AA999999", any_token, false, kPassportWords},
    {"passport", "A99******", any_token, false, kPassportWords},
    {"us_driver_license", "A9999999", any_token, false, kLicenceWords},
    {"us_driver_license", "A99999999", any_token, false, kLicenceWords},
    {"us_driver_license", "A999999999999", any_token, false, kLicenceWords},
    {"us_driver_license", "A999-9999-9999", any_token, false, kLicenceWords},
    {"uk_driving_licence", "AAAAA999999AA9AA", any_token, false, kLicenceWords},
});

}  // namespace

std::string_view national_token(std::string_view token, const WordsNear& near) {
  for (const TokenRule& rule : kTokens) {
    if (!fits(token, rule.shape) || !rule.valid(token)) continue;
    if (rule.unmistakable) return rule.type;
    if (near.any_of(rule.words)) return rule.type;
  }
  return {};
}

}  // namespace sonde::detect
