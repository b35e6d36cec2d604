#include "agent/detect/national_ids.h"

#include <algorithm>
#include <array>

#include "agent/detect/check_digits.h"
#include "agent/detect/national_digits.h"

namespace sonde::detect {

namespace {

bool uniform(std::string_view digits) {
  return std::all_of(digits.begin(), digits.end(), [&](char c) { return c == digits[0]; });
}

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

// Estonia and Lithuania: the second row of weights where the first leaves ten.
bool baltic_code(std::string_view d) {
  int check = weighted(d, {1, 2, 3, 4, 5, 6, 7, 8, 9, 1}) % 11;
  if (check == 10) check = weighted(d, {3, 4, 5, 6, 7, 8, 9, 1, 2, 3}) % 11;
  return d[0] >= '1' && d[0] <= '8' &&
         is_month_day(number(d.substr(3, 2)), number(d.substr(5, 2))) && check % 10 == digit(d[10]);
}
bool lv_personas_kods(std::string_view d) {
  return is_month_day(number(d.substr(2, 2)), number(d.substr(0, 2))) &&
         (1101 - weighted(d, {1, 6, 3, 7, 9, 10, 5, 8, 4, 2})) % 11 % 10 == digit(d[10]);
}
// Serbia, Slovenia, Bosnia, North Macedonia, Montenegro.
bool jmbg(std::string_view d) {
  const int check = 11 - weighted(d, {7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  return is_month_day(number(d.substr(2, 2)), number(d.substr(0, 2))) &&
         (check > 9 ? 0 : check) == digit(d[12]);
}
bool ua_rnokpp(std::string_view d) {
  return (weighted(d, {-1, 5, 7, 9, 4, 6, 10, 5, 7}) % 11 + 11) % 11 % 10 == digit(d[9]);
}
bool ru_snils(std::string_view d) {
  const int rest = weighted(d, {9, 8, 7, 6, 5, 4, 3, 2, 1}) % 101;
  return rest % 100 == number(d.substr(9));
}
bool ru_inn(std::string_view d) {
  return weighted(d, {7, 2, 4, 10, 3, 5, 9, 4, 6, 8}) % 11 % 10 == digit(d[10]) &&
         weighted(d, {3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}) % 11 % 10 == digit(d[11]);
}
bool kz_iin(std::string_view d) {
  int check = weighted(d, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) % 11;
  if (check == 10) check = weighted(d, {3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2}) % 11;
  return is_month_day(number(d.substr(2, 2)), number(d.substr(4, 2))) && check == digit(d[11]);
}
// No check digit: a date and the code of a place.
bool my_nric(std::string_view d) {
  const int place = number(d.substr(6, 2));
  return is_month_day(number(d.substr(2, 2)), number(d.substr(4, 2))) && place >= 1 &&
         place != 17 && place != 18 && place != 19 && place != 20;
}
bool id_nik(std::string_view d) {
  return is_month_day(number(d.substr(8, 2)), number(d.substr(6, 2)) % 40);
}
bool nz_ird(std::string_view d) {
  int rest = weighted(d, {3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  if (rest == 1) rest = weighted(d, {7, 4, 3, 2, 5, 2, 7, 6}) % 11;
  return rest != 1 && (11 - rest) % 11 == digit(d[8]);
}
bool is_kennitala(std::string_view d) {
  const int check = (11 - weighted(d, {3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 11;
  return is_month_day(number(d.substr(2, 2)), number(d.substr(0, 2)) % 40) &&
         check == digit(d[8]) && (d[9] == '9' || d[9] == '0' || d[9] == '8');
}
bool ec_cedula(std::string_view d) {
  const int province = number(d.substr(0, 2));
  return province >= 1 && (province <= 24 || province == 30) && d[2] < '6' && luhn(d);
}
bool uy_ci(std::string_view d) {
  return (10 - weighted(d, {2, 9, 8, 7, 6, 3, 4}) % 10) % 10 == digit(d[7]);
}
bool hu_tax(std::string_view d) {
  return d[0] == '8' && weighted(d, {1, 2, 3, 4, 5, 6, 7, 8, 9}) % 11 == digit(d[9]);
}
bool hu_taj(std::string_view d) {
  return weighted(d, {3, 7, 3, 7, 3, 7, 3, 7}) % 10 == digit(d[8]);
}
bool lu_matricule(std::string_view d) {
  return (d.substr(0, 2) == "19" || d.substr(0, 2) == "20") &&
         is_month_day(number(d.substr(4, 2)), number(d.substr(6, 2))) && luhn(d.substr(0, 12));
}
// Passports and driving licences have no common check digit: their name must stand before them.
bool any_number(std::string_view d) { return number(d.substr(0, 6)) != 0; }

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
    {"ca_sin", 9, ca_sin, "", false,
     "sin |sin:|sin#|social insurance|assurance sociale|nas |nas:|nas,|nas\"|nas="},
    {"au_tfn", 9, au_tfn, "", false, "tfn|tax file|australian tax"},
    {"nl_bsn", 9, nl_bsn, "", false, "bsn|burgerservice|sofinummer"},
    {"pt_nif", 9, pt_nif, "", false, "nif|contribuinte|portuguese tax"},
    {"il_id", 9, il_id, "", false,
     "teudat|israeli id|mispar zehut|\u05de\u05e1\u05e4\u05e8 "
     "\u05d6\u05d4\u05d5\u05ea|\u05ea\u05e2\u05d5\u05d3\u05ea \u05d6\u05d4\u05d5\u05ea"},
    {"uk_nhs", 10, uk_nhs, "999 999 9999", false, "nhs"},
    {"au_medicare", 10, au_medicare, "", false, "medicare"},
    {"dk_cpr", 10, dk_cpr, "", false, "cpr|personnummer"},
    {"se_personnummer", 10, se_personnummer, "", false,
     "personnummer|personal identity|swedish|samordningsnummer"},
    {"at_svnr", 10, at_svnr, "", false, "svnr|sozialversicherung|sv-nummer"},
    {"bg_egn", 10, bg_egn, "", false, "egn|\u0435\u0433\u043d"},
    {"cz_rc", 10, cz_rc, "999999/9999", false, "rodn"},
    {"br_cpf", 11, br_cpf, "999.999.999-99", false, "cpf"},
    {"de_steuer_id", 11, de_tax, "99 999 999 999", false,
     "steuer|tax id|idnr|identifikationsnummer"},
    {"hr_oib", 11, hr_oib, "", false, "oib|osobni iden"},
    {"be_rrn", 11, be_rrn, "99.99.99-999.99", false,
     "rijksregister|registre national|national number"},
    {"pl_pesel", 11, pl_pesel, "", false, "pesel"},
    {"no_fnr", 11, no_fnr, "999999 99999", false, "nummer|fnr|norwegian|f\u00f8dsel"},
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
    {"ee_isikukood", 11, baltic_code, "", false, "isikukood|estonian"},
    {"lt_asmens_kodas", 11, baltic_code, "", false, "asmens kodas|lithuanian"},
    {"lv_personas_kods", 11, lv_personas_kods, "", false, "personas kod|latvian"},
    {"rs_jmbg", 13, jmbg, "", false,
     "jmbg|em\u0161o|emso|mati\u010dni|maticni|\u0458\u043c\u0431\u0433|\u0435\u043c\u0431\u0433"},
    {"ua_rnokpp", 10, ua_rnokpp, "", false,
     "\u0440\u043d\u043e\u043a\u043f\u043f|\u0456\u043f\u043d|"
     "\u0456\u0434\u0435\u043d\u0442\u0438\u0444\u0456\u043a\u0430\u0446|rnokpp|ukrainian"},
    {"ru_snils", 11, ru_snils, "999-999-999 99", false, "\u0441\u043d\u0438\u043b\u0441|snils"},
    {"ru_inn", 12, ru_inn, "", false, "\u0438\u043d\u043d|inn:|inn |russian tax"},
    {"kz_iin", 12, kz_iin, "", false, "\u0438\u0438\u043d|\u0436\u0441\u043d|iin"},
    {"my_nric", 12, my_nric, "999999-99-9999", false, "mykad|nric|kad pengenalan"},
    {"id_nik", 16, id_nik, "", false, "nik |nik:|ktp|kependudukan"},
    {"nz_ird", 9, nz_ird, "", false, "ird "},
    {"is_kennitala", 10, is_kennitala, "", false, "kennitala|icelandic"},
    {"ec_cedula", 10, ec_cedula, "", false, "c\u00e9dula|cedula"},
    {"uy_ci", 8, uy_ci, "9.999.999-9", false, "c\u00e9dula|cedula|uruguay"},
    {"hu_adoazonosito", 10, hu_tax, "", false, "ad\u00f3azonos|adoazonos|hungarian"},
    {"hu_taj", 9, hu_taj, "", false, "taj sz\u00e1m|taj-sz|taj:|taj "},
    {"lu_matricule", 13, lu_matricule, "", false, "matricule|luxembourg"},
    {"passport", 9, any_number, "", false, kPassportWords},
    {"passport", 8, any_number, "", false, kPassportWords},
    {"us_driver_license", 9, any_number, "", false, kLicenceWords},
    {"us_driver_license", 8, any_number, "", false, kLicenceWords},
    {"us_driver_license", 7, any_number, "", false, kLicenceWords},
});

// Names that any country's number may have. Nine digits with one check digit are too few for them.
constexpr std::string_view kAnyState =
    "national id|identity number|identity no|identity card|identification number|personal id|"
    "personal number|personal code|tax id|tax number|taxpayer|social security|national number|"
    "citizen|id card|personalausweis|ausweisnummer|carte d'identit|documento de identidad";
constexpr size_t kTellingDigits = 10;

bool has_shape(std::string_view form, std::string_view shape) {
  if (shape.empty() || form.size() != shape.size()) return false;
  for (size_t i = 0; i < form.size(); ++i) {
    const bool same = shape[i] == '9' ? is_digit(form[i]) : form[i] == shape[i];
    if (!same) return false;
  }
  return true;
}

}  // namespace

namespace {

// Words of this length are looked for inside of compounds as well: "fødselsnummer".
constexpr size_t kCompound = 6;

bool is_lower_letter(char c) { return c >= 'a' && c <= 'z'; }

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
      const bool begins = !is_lower_letter(previous) || word.size() >= kCompound;
      if (begins && !host) return true;
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
    if (rule.digits >= kTellingDigits && rule.valid != id_nik && near.any_of(kAnyState))
      return rule.type;
  }
  return {};
}

}  // namespace sonde::detect
