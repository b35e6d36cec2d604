#include "agent/detect/national_ids.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "agent/detect/check_digits.h"

namespace sonde::detect {

namespace {

int digit(char c) { return c - '0'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + digit(c);
  return value;
}

// Sum of digit times weight; digits beyond the weights do not count.
int weighted(std::string_view digits, std::initializer_list<int> weights) {
  int sum = 0;
  size_t i = 0;
  for (const int weight : weights) sum += weight * digit(digits[i++]);
  return sum;
}

bool uniform(std::string_view digits) {
  return std::all_of(digits.begin(), digits.end(), [&](char c) { return c == digits[0]; });
}

bool is_month_day(int month, int day) { return month >= 1 && month <= 12 && day >= 1 && day <= 31; }

// ISO 7064, MOD 11,10: German tax number, Croatian OIB.
bool mod_11_10(std::string_view digits) {
  int product = 10;
  for (const char c : digits.substr(0, digits.size() - 1)) {
    const int sum = (digit(c) + product) % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  return (11 - product) % 10 == digit(digits.back());
}

uint64_t long_number(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(digit(c));
  return value;
}

bool us_itin(std::string_view d) {
  const int group = number(d.substr(3, 2));
  return d[0] == '9' && ((group >= 50 && group <= 65) || (group >= 70 && group <= 88) ||
                         (group >= 90 && group != 93));
}
bool us_ssn(std::string_view d) {
  const std::string_view area = d.substr(0, 3);
  return area != "000" && area != "666" && d[0] != '9' && d.substr(3, 2) != "00" &&
         d.substr(5) != "0000" && d != "123456789" && d != "078051120";
}
bool ca_sin(std::string_view d) { return d[0] != '0' && d[0] != '8' && luhn(d); }
bool au_tfn(std::string_view d) { return weighted(d, {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0; }
bool au_medicare(std::string_view d) {
  return d[0] >= '2' && d[0] <= '6' && weighted(d, {1, 3, 7, 9, 1, 3, 7, 9}) % 10 == digit(d[8]);
}
bool nl_bsn(std::string_view d) {
  return number(d) != 0 && weighted(d, {9, 8, 7, 6, 5, 4, 3, 2, -1}) % 11 == 0;
}
bool uk_nhs(std::string_view d) {
  return (11 - weighted(d, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11 == digit(d[9]);
}
bool de_tax(std::string_view d) { return d[0] != '0' && mod_11_10(d); }
bool hr_oib(std::string_view d) { return mod_11_10(d); }
bool fr_nir(std::string_view d) {
  const int month = number(d.substr(3, 2));
  return (d[0] == '1' || d[0] == '2') && ((month >= 1 && month <= 12) || month >= 20) &&
         97 - long_number(d.substr(0, 13)) % 97 == long_number(d.substr(13));
}
bool be_rrn(std::string_view d) {
  const uint64_t check = long_number(d.substr(9));
  const uint64_t body = long_number(d.substr(0, 9));
  return is_month_day(number(d.substr(2, 2)), number(d.substr(4, 2))) &&
         (97 - body % 97 == check || 97 - (body + 2000000000) % 97 == check);
}
bool pl_pesel(std::string_view d) {
  return is_month_day(number(d.substr(2, 2)) % 20, number(d.substr(4, 2))) &&
         weighted(d, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1}) % 10 == 0;
}
bool no_fnr(std::string_view d) {
  return is_month_day(number(d.substr(2, 2)), number(d.substr(0, 2)) % 40) &&
         weighted(d, {3, 7, 6, 1, 8, 9, 4, 5, 2, 1}) % 11 == 0 &&
         weighted(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}
bool dk_cpr(std::string_view d) {
  return is_month_day(number(d.substr(2, 2)), number(d.substr(0, 2)));
}
bool se_personnummer(std::string_view d) {
  const std::string_view last = d.substr(d.size() - 10);
  return is_month_day(number(last.substr(2, 2)), number(last.substr(4, 2)) % 60) && luhn(last);
}
bool ch_ahv(std::string_view d) {
  return d.substr(0, 3) == "756" &&
         (10 - weighted(d, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3}) % 10) % 10 == digit(d[12]);
}
bool at_svnr(std::string_view d) {
  return weighted(d, {3, 7, 9, 0, 5, 8, 4, 2, 1, 6}) % 11 == digit(d[3]) &&
         is_month_day(number(d.substr(6, 2)), number(d.substr(4, 2)));
}
bool pt_nif(std::string_view d) {
  const int check = 11 - weighted(d, {9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return std::string_view("1235689").find(d[0]) != std::string_view::npos &&
         (check > 9 ? 0 : check) == digit(d[8]);
}
bool ro_cnp(std::string_view d) {
  const int check = weighted(d, {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9}) % 11;
  return d[0] != '0' && is_month_day(number(d.substr(3, 2)), number(d.substr(5, 2))) &&
         (check == 10 ? 1 : check) == digit(d[12]);
}
bool bg_egn(std::string_view d) {
  return is_month_day(number(d.substr(2, 2)) % 20, number(d.substr(4, 2))) &&
         weighted(d, {2, 4, 8, 5, 10, 9, 7, 3, 6}) % 11 % 10 == digit(d[9]);
}
bool cz_rc(std::string_view d) {
  return is_month_day(number(d.substr(2, 2)) % 50, number(d.substr(4, 2))) &&
         long_number(d) % 11 == 0;
}
bool tr_tckn(std::string_view d) {
  const int odd = digit(d[0]) + digit(d[2]) + digit(d[4]) + digit(d[6]) + digit(d[8]);
  const int even = digit(d[1]) + digit(d[3]) + digit(d[5]) + digit(d[7]);
  return d[0] != '0' && (odd * 7 - even + 100) % 10 == digit(d[9]) &&
         (odd + even + digit(d[9])) % 10 == digit(d[10]);
}
bool gr_amka(std::string_view d) {
  return is_month_day(number(d.substr(2, 2)), number(d.substr(0, 2))) && luhn(d);
}
bool br_cpf(std::string_view d) {
  const auto check = [&](std::initializer_list<int> weights) {
    const int rest = weighted(d, weights) * 10 % 11;
    return rest == 10 ? 0 : rest;
  };
  return !uniform(d) && check({10, 9, 8, 7, 6, 5, 4, 3, 2}) == digit(d[9]) &&
         check({11, 10, 9, 8, 7, 6, 5, 4, 3, 2}) == digit(d[10]);
}
bool ar_cuit(std::string_view d) {
  const int check = 11 - weighted(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  const std::string_view type = d.substr(0, 2);
  return (type == "20" || type == "23" || type == "24" || type == "27" || type == "30") &&
         (check == 11 ? 0 : check) == digit(d[10]);
}
bool in_aadhaar(std::string_view d) {
  // Verhoeff, by the multiplication of the dihedral group and its permutation.
  constexpr std::array<std::string_view, 10> kTimes = {
      "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
      "5987604321", "6598710432", "7659821043", "8765932104", "9876543210"};
  constexpr std::array<std::string_view, 8> kMoved = {"0123456789", "1576283094", "5803796142",
                                                      "8916043527", "9453126870", "4286573901",
                                                      "2793806415", "7046913258"};
  size_t check = 0;
  for (size_t i = 0; i < d.size(); ++i) {
    const char c = d[d.size() - 1 - i];
    const char moved = kMoved[i % 8][static_cast<size_t>(digit(c))];
    check = static_cast<size_t>(digit(kTimes[check][static_cast<size_t>(digit(moved))]));
  }
  return d[0] >= '2' && check == 0;
}
bool kr_rrn(std::string_view d) {
  const int sum = weighted(d, {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5});
  return is_month_day(number(d.substr(2, 2)), number(d.substr(4, 2))) &&
         (11 - sum % 11) % 10 == digit(d[12]);
}
bool jp_my_number(std::string_view d) {
  const int rest = weighted(d, {6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  return (rest <= 1 ? 0 : 11 - rest) == digit(d[11]);
}
bool th_id(std::string_view d) {
  const int sum = weighted(d, {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2});
  return d[0] != '0' && (11 - sum % 11) % 10 == digit(d[12]);
}
bool za_id(std::string_view d) {
  return is_month_day(number(d.substr(2, 2)), number(d.substr(4, 2))) && d[10] <= '1' && luhn(d);
}
bool il_id(std::string_view d) { return number(d) != 0 && luhn(d); }
bool cn_id(std::string_view d) {
  return is_month_day(number(d.substr(10, 2)), number(d.substr(12, 2))) &&
         (d.substr(6, 2) == "19" || d.substr(6, 2) == "20") &&
         weighted(d, {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}) % 11 ==
             (12 - digit(d[17])) % 11;
}

struct NumberRule {
  std::string_view type;
  size_t digits;
  bool (*valid)(std::string_view digits);
  std::string_view shape;  // as usually written, '9' for any digit; empty: only beside a word
  bool unmistakable;       // digits alone suffice: several conditions must fit
  std::string_view words;
};
constexpr auto kNumbers = std::to_array<NumberRule>({
    {"us_ssn", 9, us_ssn, "999-99-9999", false, "ssn|social security"},
    {"us_itin", 9, us_itin, "999-99-9999", false, "itin|taxpayer"},
    {"ca_sin", 9, ca_sin, "", false, "sin |sin:|sin#|social insurance|assurance sociale"},
    {"au_tfn", 9, au_tfn, "", false, "tfn|tax file"},
    {"nl_bsn", 9, nl_bsn, "", false, "bsn|burgerservice|sofinummer"},
    {"pt_nif", 9, pt_nif, "", false, "nif|contribuinte"},
    {"il_id", 9, il_id, "", false, "teudat|israeli id|mispar zehut"},
    {"uk_nhs", 10, uk_nhs, "999 999 9999", false, "nhs"},
    {"au_medicare", 10, au_medicare, "", false, "medicare"},
    {"dk_cpr", 10, dk_cpr, "", false, "cpr|personnummer"},
    {"se_personnummer", 10, se_personnummer, "", false, "personnummer|personal identity|swedish"},
    {"at_svnr", 10, at_svnr, "", false, "svnr|sozialversicherung|sv-nummer"},
    {"bg_egn", 10, bg_egn, "", false, "egn|\u0435\u0433\u043d"},
    {"cz_rc", 10, cz_rc, "999999/9999", false, "rodn"},
    {"br_cpf", 11, br_cpf, "999.999.999-99", false, "cpf"},
    {"de_steuer_id", 11, de_tax, "99 999 999 999", false,
     "steuer|tax id|idnr|identifikationsnummer"},
    {"hr_oib", 11, hr_oib, "", false, "oib"},
    {"be_rrn", 11, be_rrn, "99.99.99-999.99", false,
     "rijksregister|registre national|national number"},
    {"pl_pesel", 11, pl_pesel, "", false, "pesel"},
    {"no_fnr", 11, no_fnr, "999999 99999", false, "nummer|fnr|norwegian"},
    {"tr_tckn", 11, tr_tckn, "", false, "kimlik|tckn|tc no"},
    {"gr_amka", 11, gr_amka, "", false, "amka|\u03b1\u03bc\u03ba\u03b1"},
    {"ar_cuit", 11, ar_cuit, "99-99999999-9", false, "cuit|cuil"},
    {"se_personnummer", 12, se_personnummer, "99999999-9999", false,
     "personnummer|personal identity"},
    {"in_aadhaar", 12, in_aadhaar, "9999 9999 9999", false, "aadhaar|aadhar|uidai"},
    {"jp_my_number", 12, jp_my_number, "", false,
     "my number|\u500b\u4eba\u756a\u53f7|\u30de\u30a4\u30ca\u30f3\u30d0\u30fc"},
    {"ch_ahv", 13, ch_ahv, "", true, ""},
    {"ro_cnp", 13, ro_cnp, "", false, "cnp|cod numeric"},
    {"kr_rrn", 13, kr_rrn, "999999-9999999", false, "rrn|resident registration|\uc8fc\ubbfc"},
    {"th_id", 13, th_id, "9-9999-99999-99-9", false, "thai|\u0e1a\u0e31\u0e15\u0e23"},
    {"za_id", 13, za_id, "", false, "south africa|id number|rsa id|identity number"},
    {"fr_nir", 15, fr_nir, "", true, ""},
    {"cn_id", 18, cn_id, "", true, ""},
});

bool has_shape(std::string_view form, std::string_view shape) {
  if (shape.empty() || form.size() != shape.size()) return false;
  for (size_t i = 0; i < form.size(); ++i) {
    const bool same = shape[i] == '9' ? is_digit(form[i]) : form[i] == shape[i];
    if (!same) return false;
  }
  return true;
}

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
    {"in_pan", "AAAAA9999A", in_pan, false, "pan |pan:|permanent account"},
    {"cl_rut", "99.999.999-*", cl_rut, true, ""},
    {"cl_rut", "9.999.999-*", cl_rut, true, ""},
    {"cl_rut", "99999999-*", cl_rut, false, "rut"},
});

}  // namespace

bool WordsNear::any_of(std::string_view words) const {
  while (!words.empty()) {
    const size_t end = std::min(words.find('|'), words.size());
    const std::string_view word = words.substr(0, end);
    for (size_t at = before.find(word); at != std::string::npos; at = before.find(word, at + 1)) {
      const char previous = at == 0 ? ' ' : before[at - 1];
      // "www.nhs.uk" is an address, not the name of a number.
      const size_t after = at + word.size();
      const bool host = previous == '.' && after < before.size() && before[after] == '.';
      if ((previous < 'a' || previous > 'z') && !host) return true;
    }
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::string_view national_number(std::string_view form, std::string_view digits,
                                 const WordsNear& near) {
  for (const NumberRule& rule : kNumbers) {
    if (rule.digits != digits.size() || uniform(digits) || !rule.valid(digits)) continue;
    if (rule.unmistakable || has_shape(form, rule.shape)) return rule.type;
    if (near.any_of(rule.words)) return rule.type;
  }
  return {};
}

std::string_view national_token(std::string_view token, const WordsNear& near) {
  for (const TokenRule& rule : kTokens) {
    if (!fits(token, rule.shape) || !rule.valid(token)) continue;
    if (rule.unmistakable) return rule.type;
    if (near.any_of(rule.words)) return rule.type;
  }
  return {};
}

}  // namespace sonde::detect
