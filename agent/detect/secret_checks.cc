#include "agent/detect/secret_checks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include <zlib.h>

#include "agent/detect/encoding.h"
#include "agent/detect/randomness.h"

namespace sonde::detect {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c); }
char lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view value) {
  std::string out(value);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

constexpr auto kStopWords = std::to_array<std::string_view>(
    {"example",    "xxxx",     "placeholder", "changeme",  "change_me",  "change-me", "redacted",
     "dummy",      "yourkey",  "your_",       "your-",     "insert",     "my_secret", "mysecret",
     "00000000",   "11111111", "replace",     "notreal",   "not_real",   "fakekey",   "fake_",
     "fake-",      "sample",   "<",           "*****",     "${",         "{{",        "%s",
     "process.",   "environ",  "getenv",      "todo",      "undefined",  "foobar",    "lorem",
     "deadbeef",   "test_key", "testkey",     "secretkey", "secret_key", "-here",     "_here",
     "....",       "-----",    "_____",       "abcdefgh",  "qwerty",     "api_key",   "apikey",
     "access_key", "aaaaaa",   "file:",       "/dev/",     "localhost"});

constexpr auto kPublicExamples = std::to_array<std::string_view>(
    {"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AKIAIOSFODNN7EXAMPLE",
     "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "sk_test_BQokikJOvBiI2HlWgH4olfQ2",  // Stripe's manual
     "33f!!lloppa", "hal+9ooo_da!sY",                                         // NuGet's manual
     // Azure's emulators of Cosmos DB and of storage
     "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
     "QWxhZGRpbjpvcGVuIHNlc2FtZQ",                   // RFC 7617, 2
     "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",  // the token on the front page of jwt.io
     // Keys of Google's own pages and samples, public by their owner's word
     "AIzaSyBcE-OOIbhjyR83gm4r2MFCu4MJmprNXsw", "AIzaSyDSb51JiIcB6OJpwwMicseKRhhrOq1cS7g",
     "AIzaSyA8vmApnrHNFE0bApF4hoZ11srVL_n0nvY", "AIzaSyDMAScliyLx7F0NPDEJi1QmyCgHIAODrlU",
     "AIzaSyAnLA7NfeLquW1tJFpx_eQCxoX-oo6YyIs", "AIzaSyB8qGxt4ec15vitgn44duC5ucxaOi4FmqE",
     "AIzaSyBF2RrAIm4a0mO64EShQfqfd2AFnzAvvuU",
     "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="});

// Six or more equal characters in a row, or eight or more that count up. Digits that count up say
// little inside a token with marks of its own, where they may be an account's number.
bool has_long_run(std::string_view value, bool marked) {
  size_t same = 1;
  size_t rising = 1;
  for (size_t i = 1; i < value.size(); ++i) {
    same = value[i] == value[i - 1] ? same + 1 : 1;
    const bool counts =
        lower(value[i]) == lower(value[i - 1]) + 1 && !(marked && is_digit(value[i]));
    rising = counts ? rising + 1 : 1;
    if (same >= 6 || rising >= 8) return true;
  }
  return false;
}

std::string base62_crc32(std::string_view body) {
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  uint64_t crc =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  std::string digits(6, '0');
  for (size_t i = digits.size(); i-- > 0; crc /= 62) digits[i] = kAlphabet[crc % 62];
  return digits;
}

Verdict check_github(std::string_view value) {
  const std::string_view body = value.substr(4);  // "ghp_", "npm_"
  const bool fits = base62_crc32(body.substr(0, 30)) == body.substr(30);
  return fits ? Verdict::kVerified : Verdict::kPlausible;
}

// A macaroon of version 2: location and identifier, caveats, and at the end a signature of 32
// bytes.
Verdict check_macaroon(std::string_view value) {
  constexpr std::string_view kVersionAndLocation("\x02\x01", 2);
  constexpr std::string_view kSignature("\x00\x06\x20", 3);
  constexpr size_t kSignatureBytes = 32;
  const std::string bytes = decode_base64(value.substr(value.find('-') + 1));
  const bool fits =
      bytes.size() > kSignature.size() + kSignatureBytes &&
      bytes.starts_with(kVersionAndLocation) &&
      bytes.substr(bytes.size() - kSignatureBytes - kSignature.size(), 3) == kSignature;
  return fits ? Verdict::kVerified : Verdict::kPlausible;
}

Verdict check_jwt(std::string_view value) {
  const size_t first = value.find('.');
  const size_t second = value.find('.', first + 1);
  const std::string header = decode_base64(value.substr(0, first));
  const std::string payload = decode_base64(value.substr(first + 1, second - first - 1));
  const auto is_object = [](const std::string& text) {
    return text.size() > 2 && text.front() == '{' && text.find('"') != std::string::npos;
  };
  if (!is_object(header) || !is_object(payload)) return Verdict::kNo;
  return header.find("\"alg\"") != std::string::npos ? Verdict::kVerified : Verdict::kNo;
}

// 8-4-4-4-12 hexadecimal digits: the name of a thing far more often than a secret.
bool is_uuid(std::string_view value) {
  return value.size() == 36 && value[8] == '-' && value[13] == '-' && value[18] == '-' &&
         value[23] == '-';
}

// Letters alone, but as no words go together, in both cases.
bool letters_drawn(std::string_view value) {
  constexpr size_t kLeast = 12;
  constexpr double kSurprise = 5.2;
  return value.size() >= kLeast && surprise(value) >= kSurprise &&
         std::any_of(value.begin(), value.end(), is_lower) &&
         std::any_of(value.begin(), value.end(), is_upper);
}

Verdict check_generic(std::string_view value) {
  const auto digits = std::count_if(value.begin(), value.end(), is_digit);
  const auto letters = std::count_if(value.begin(), value.end(), is_letter);
  if (letters < 2 || is_uuid(value) || !looks_random(value)) return Verdict::kNo;
  if (digits < 2 && !letters_drawn(value)) return Verdict::kNo;
  const auto dots = std::count(value.begin(), value.end(), '.');
  const auto slashes = std::count(value.begin(), value.end(), '/');
  if (dots > 2 || (value.size() < 40 && (slashes > 2 || value.find("//") != value.npos))) {
    return Verdict::kNo;
  }
  return Verdict::kPlausible;
}

// "^7.1.3", "1219328376.07815"
bool reads_as_number(std::string_view value) {
  return value.find_first_not_of("0123456789.,-+^~>=<xv*") == value.npos;
}

Verdict check_password(std::string_view value) {
  const auto digits = std::count_if(value.begin(), value.end(), is_digit);
  const auto lowers = std::count_if(value.begin(), value.end(), is_lower);
  const auto uppers = std::count_if(value.begin(), value.end(), is_upper);
  const auto others = static_cast<ptrdiff_t>(value.size()) - digits - lowers - uppers;
  const int classes = (digits > 0) + (lowers > 0) + (uppers > 0) + (others > 0);
  if (classes < 2 || reads_as_number(value)) return Verdict::kNo;
  if (digits == 0 && (classes < 3 || value.find('.') != value.npos) && !letters_drawn(value)) {
    return Verdict::kNo;
  }
  const std::string low = lowered(value);
  constexpr auto kThrowaway = std::to_array<std::string_view>(
      {"abc123", "123abc", "pass123", "test123", "test1234", "abcd1234", "1234abcd"});
  if (std::find(kThrowaway.begin(), kThrowaway.end(), low) != kThrowaway.end()) {
    return Verdict::kNo;
  }
  if (low.rfind("http", 0) == 0 || value.find("::") != value.npos) return Verdict::kNo;
  // Calls and members: user.password, get_password1
  const bool code = value.front() == '$' || value.front() == '@' || value.front() == '/' ||
                    value.front() == '.' || value.front() == '=' || value.front() == '-' ||
                    (digits == 0 && value.back() == '=');
  return code ? Verdict::kNo : Verdict::kPlausible;
}

// "the password Harbor!2026": digits with signs, or drawn.
Verdict check_spoken(std::string_view value) {
  const auto digits = std::count_if(value.begin(), value.end(), is_digit);
  const auto uppers = std::count_if(value.begin(), value.end(), is_upper);
  const auto lowers = std::count_if(value.begin(), value.end(), is_lower);
  const bool signs = value.find_first_of("!@#%^&*?$+~") != value.npos;
  const bool drawn = uppers > 0 && lowers > 0 && looks_random(value);
  if (digits == 0 || (!signs && !drawn) || uppers + lowers == 0) return Verdict::kNo;
  return check_password(value);
}

Verdict check_url_password(std::string_view value) {
  constexpr auto kCommon = std::to_array<std::string_view>(
      {"password", "pass",  "passwd", "pwd",         "secret",     "user",     "username",
       "postgres", "root",  "admin",  "mysql",       "guest",      "test",     "token",
       "pw",       "redis", "mongo",  "db_password", "mypassword", "p@ssw0rd", "x-oauth-basic"});
  const std::string low = lowered(value);
  if (std::find(kCommon.begin(), kCommon.end(), low) != kCommon.end()) return Verdict::kNo;
  if (low.find("password") != low.npos || low.find("token") == 0) return Verdict::kNo;
  if (value.front() == '$' || value.front() == '%' || value.front() == ':') return Verdict::kNo;
  // host:port in front of a later @ is no password.
  return std::all_of(value.begin(), value.end(), is_digit) && value.size() <= 5
             ? Verdict::kNo
             : Verdict::kPlausible;
}

Verdict check_basic_auth(std::string_view value) {
  const std::string decoded = decode_base64(value);
  const size_t colon = decoded.find(':');
  if (colon == decoded.npos || colon + 1 >= decoded.size() || !is_printable(decoded)) {
    return Verdict::kNo;
  }
  return check_url_password(std::string_view(decoded).substr(colon + 1)) == Verdict::kNo
             ? Verdict::kNo
             : Verdict::kVerified;
}

// "YWRtaW46cGFzc3dvcmQ=": in a manifest of secrets even a short text counts.
Verdict check_base64(std::string_view value) {
  const std::string decoded = decode_base64(value);
  constexpr size_t kBytesOfKey = 16;
  const bool text = is_printable(decoded) && decoded.size() >= 6;
  if (text && (decoded.find("BEGIN CERTIFICATE") != decoded.npos)) return Verdict::kNo;
  return text || decoded.size() >= kBytesOfKey ? Verdict::kPlausible : Verdict::kNo;
}

Verdict check_private_key(std::string_view value) {
  const auto body =
      std::count_if(value.begin(), value.end(), [](char c) { return is_letter(c) || is_digit(c); });
  return body >= 64 && entropy(value) > 3.5 ? Verdict::kVerified : Verdict::kNo;
}

}  // namespace

// "searchConfluenceUsingCql": letters alone, and no hump of one or two. Of drawn tokens of this
// length hardly one in a million looks so, however rare its letter pairs.
static bool is_camel_case(std::string_view value) {
  constexpr size_t kShortestName = 12;
  constexpr size_t kShortestHump = 3;
  size_t hump = 0;
  size_t humps = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    if (!is_letter(value[i])) return false;
    if (is_upper(value[i]) && i > 0) {
      if (hump < kShortestHump) return false;
      ++humps;
      hump = 0;
    }
    ++hump;
  }
  return humps > 0 && hump >= kShortestHump && value.size() >= kShortestName;
}

// "hEZjac1M5HERK4": in names digits stand together, or apart by marks.
static bool has_scattered_digits(std::string_view value) {
  constexpr size_t kGroups = 3;
  size_t groups = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    if (!is_digit(value[i]) && !is_letter(value[i])) return false;
    if (is_digit(value[i]) && (i == 0 || !is_digit(value[i - 1]))) ++groups;
  }
  return groups >= kGroups;
}

// "GNUTLS_PKCS11_TOKEN_LABEL", "SRP_user_pwd": three or more parts, each of letters in one case
// with a number behind them at most.
static bool is_snake_case(std::string_view value) {
  constexpr size_t kParts = 3;
  constexpr size_t kMeanPart = 3;
  size_t parts = 1;
  size_t letters = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '_' || c == '-' || c == '.') {
      ++parts;
      continue;
    }
    const char before = i > 0 ? value[i - 1] : '_';
    if (!is_letter(c) && !is_digit(c)) return false;
    if (!is_letter(c)) continue;
    if (is_digit(before)) return false;
    if (is_letter(before) && is_upper(c) != is_upper(before)) return false;
    ++letters;
  }
  return parts >= kParts && letters >= parts * kMeanPart;
}

bool reads_as_name(std::string_view value) {
  if (is_camel_case(value) || is_snake_case(value)) return true;
  if (has_scattered_digits(value)) return false;
  size_t in_words = 0;
  size_t run = 0;
  size_t letters = 0;
  for (size_t i = 0; i <= value.size(); ++i) {
    const bool letter = i < value.size() && is_letter(value[i]);
    const bool new_word = letter && run > 0 && is_upper(value[i]) && is_lower(value[i - 1]);
    if (letter) ++letters;
    if (!letter || new_word) {
      if (run >= 4) in_words += run;
      run = 0;
    }
    if (letter) ++run;
  }
  return letters * 10 >= value.size() * 5 && in_words * 10 >= letters * 6 && !looks_random(value);
}

bool ends_in_words(std::string_view value) {
  constexpr size_t kLeast = 12;
  constexpr double kWords = 4.0;
  const size_t mark = value.find_last_of("-_.");
  const std::string_view tail = mark == value.npos ? value : value.substr(mark + 1);
  const auto letters = std::count_if(tail.begin(), tail.end(), is_letter);
  return tail.size() >= kLeast && static_cast<size_t>(letters) * 10 >= tail.size() * 8 &&
         surprise(tail) < kWords;
}

double entropy(std::string_view value) {
  std::array<uint32_t, 256> counts{};
  for (const char c : value) ++counts[static_cast<uint8_t>(c)];
  double bits = 0;
  for (const uint32_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(value.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

// A short word comes about by chance in a random token: it counts as a word of its own, or as a
// large share of the value.
bool holds_stop_word(std::string_view low, std::string_view word) {
  constexpr size_t kByChance = 5;
  constexpr size_t kLargeShare = 3;
  const size_t at = low.find(word);
  if (at == low.npos) return false;
  const bool letters = std::all_of(word.begin(), word.end(), is_letter) && word != "xxxx";
  if (!letters || word.size() > kByChance || word.size() * kLargeShare >= low.size()) return true;
  const auto joined = [&](size_t i) {
    return i < low.size() && (is_letter(low[i]) || (low[i] >= '0' && low[i] <= '9'));
  };
  for (size_t i = at; i != low.npos; i = low.find(word, i + 1)) {
    if ((i == 0 || !joined(i - 1)) && !joined(i + word.size())) return true;
  }
  return false;
}

bool is_placeholder(std::string_view value, bool marked) {
  for (const std::string_view example : kPublicExamples) {
    if (value.find(example) != value.npos) return true;
  }
  const std::string low = lowered(value);
  for (const std::string_view word : kStopWords) {
    if (holds_stop_word(low, word)) return true;
  }
  return has_long_run(value, marked);
}

Verdict check_secret(SecretCheck check, std::string_view value) {
  switch (check) {
    case SecretCheck::kNone:
      return Verdict::kPlausible;
    case SecretCheck::kGithubCrc:
      return check_github(value);
    case SecretCheck::kJwt:
      return check_jwt(value);
    // The account number stands in the first characters; the highest bit is always set.
    case SecretCheck::kAwsKeyId:
      return value[4] >= 'Q' ? Verdict::kVerified : Verdict::kPlausible;
    case SecretCheck::kGeneric:
      return check_generic(value);
    case SecretCheck::kPassword:
      return check_password(value);
    case SecretCheck::kUrlPassword:
      return check_url_password(value);
    case SecretCheck::kPrivateKey:
      return check_private_key(value);
    case SecretCheck::kBase64:
      return check_base64(value);
    case SecretCheck::kBasicAuth:
      return check_basic_auth(value);
    case SecretCheck::kSpoken:
      return check_spoken(value);
    case SecretCheck::kUuidKey:
      return Verdict::kPlausible;
    case SecretCheck::kDeclared:  // %NAME% stands for a variable of the environment
      return value.front() == '%' && value.back() == '%' ? Verdict::kNo : Verdict::kPlausible;
    case SecretCheck::kMacaroon:
      return check_macaroon(value);
  }
  return Verdict::kNo;
}

}  // namespace sonde::detect
