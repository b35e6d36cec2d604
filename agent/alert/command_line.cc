#include "agent/alert/command_line.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "agent/alert/names.h"

namespace sonde::alert {
namespace {

constexpr std::string_view kMask = "[redacted]";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alpha(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

// "X-Api-Key", "--api_key" and "apikey" are one name.
std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (is_alpha(c) || is_digit(c)) out += lower(c);
  }
  return out;
}

bool is_secret_name(std::string_view name) {
  constexpr auto kParts = std::to_array<std::string_view>(
      {"password",         "passwd",        "passphrase",      "secret",        "token",
       "apikey",           "accesskey",     "privatekey",      "authkey",       "credential",
       "bearer",           "authorization", "cookie",          "signature",     "sessionid",
       "connectionstring", "accountkey",    "subscriptionkey", "encryptionkey", "signingkey"});
  constexpr auto kWhole =
      std::to_array<std::string_view>({"pwd", "pass", "key", "auth", "sig", "pat", "psk", "pw"});
  // Names that speak of tokens and mean counts or files.
  constexpr auto kHarmless = std::to_array<std::string_view>(
      {"tokens", "tokenizer", "tokenlimit", "secretname", "tokencount"});
  const std::string word = folded(name);
  for (const std::string_view harmless : kHarmless) {
    if (word.ends_with(harmless)) return false;
  }
  for (const std::string_view part : kParts) {
    if (word.find(part) != std::string::npos) return true;
  }
  for (const std::string_view whole : kWhole) {
    if (word == whole) return true;
  }
  // MYSQL_PWD, DB_PASS: the last word of a name with separators.
  const size_t cut = name.find_last_of("_-.");
  if (cut == std::string_view::npos) return false;
  const std::string last = folded(name.substr(cut + 1));
  return last == "pwd" || last == "pass" || last == "key" || last == "psk" || last == "pw";
}

double entropy_bits(std::string_view word) {
  std::array<int, 256> counts{};
  for (const char c : word) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(word.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

// A word that is a key by its prefix or by its looks.
bool is_key_like(std::string_view word) {
  constexpr auto kPrefixes = std::to_array<std::string_view>(
      {"sk-",  "sk_",         "pk_",     "rk_",   "ghp_",   "gho_",    "ghu_",  "ghs_",
       "ghr_", "github_pat_", "glpat-",  "xoxb-", "xoxp-",  "xoxa-",   "xapp-", "AKIA",
       "ASIA", "AIza",        "ya29.",   "hf_",   "eyJ",    "npm_",    "pypi-", "gsk_",
       "xai-", "SG.",         "dop_v1_", "hvs.",  "shpat_", "lin_api_"});
  if (word.size() < 12) return false;
  for (const std::string_view prefix : kPrefixes) {
    if (word.starts_with(prefix) && word.size() >= prefix.size() + 8) return true;
  }
  if (word.size() < 20) return false;
  const auto digits = std::count_if(word.begin(), word.end(), is_digit);
  if (word.size() >= 32 && digits >= 4 && std::all_of(word.begin(), word.end(), is_hex)) {
    return true;
  }
  const bool mixed =
      std::any_of(word.begin(), word.end(), is_upper) &&
      std::any_of(word.begin(), word.end(), [](char c) { return is_alpha(c) && !is_upper(c); });
  return mixed && digits >= 2 && entropy_bits(word) >= 3.7;
}

bool is_key_char(char c) {
  return is_alpha(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '+' || c == '~';
}

// Copies one argument, masking inside it. A state machine over the text: names end at '=' or ':'.
class ArgumentRedactor {
 public:
  explicit ArgumentRedactor(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (mask_userinfo()) continue;
      const size_t end = run_of(at_, is_key_char);
      if (end == at_) {
        out_ += text_[at_++];
        continue;
      }
      take_word(end);
    }
    return std::move(out_);
  }

 private:
  template <typename Predicate>
  size_t run_of(size_t from, Predicate predicate) const {
    while (from < text_.size() && predicate(text_[from])) ++from;
    return from;
  }

  // After "://": everything up to '@' if that comes before the path.
  bool mask_userinfo() {
    if (!text_.substr(at_).starts_with("://")) return false;
    out_ += "://";
    at_ += 3;
    const size_t end = std::min(text_.find_first_of("/?# \t\n\"'", at_), text_.size());
    const size_t at_sign = text_.substr(0, end).rfind('@');
    if (at_sign != std::string_view::npos && at_sign >= at_) {
      out_ += kMask;
      at_ = at_sign;
    }
    return true;
  }

  void take_word(size_t end) {
    const std::string_view word = text_.substr(at_, end - at_);
    if (is_key_like(word)) {
      out_ += kMask;
      at_ = end;
      return;
    }
    out_ += word;
    at_ = end;
    if (is_secret_name(word)) mask_value();
  }

  // At '=' or ':' (quotes and spaces around it allowed, as in JSON and headers) masks what follows.
  void mask_value() {
    size_t at = run_of(at_, [](char c) { return c == '"' || c == '\'' || is_space(c); });
    if (at >= text_.size() || (text_[at] != '=' && text_[at] != ':')) return;
    const bool header = text_[at] == ':';
    at = run_of(at + 1, [](char c) { return c == '"' || c == '\'' || is_space(c); });
    // "Authorization: Bearer X", "Cookie: a=b; c=d": a header's value goes to the end of its line.
    const std::string_view stops = header ? "\"'\n,}" : "\"'& \t\n;,}";
    const size_t end = std::min(text_.find_first_of(stops, at), text_.size());
    if (end == at) return;
    out_ += text_.substr(at_, at - at_);
    out_ += kMask;
    at_ = end;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
};

enum class Next : uint8_t { kPlain, kSecret, kUserAndPassword };

// "-psecret" of the MySQL clients.
bool is_glued_password(std::string_view argument, std::string_view program) {
  return argument.size() > 2 && argument.starts_with("-p") &&
         (program.starts_with("mysql") || program.starts_with("mariadb"));
}

// What the argument after `argument` is.
Next next_of(std::string_view argument, std::string_view program) {
  if (argument == "-p" && program == "sshpass") return Next::kSecret;
  if (is_glued_password(argument, program)) return Next::kPlain;
  if (argument == "-u" || argument == "--user" || argument == "-U" || argument == "--proxy-user") {
    return Next::kUserAndPassword;
  }
  if (argument.starts_with('-') && argument.find_first_of("= :") == std::string_view::npos &&
      is_secret_name(argument)) {
    return Next::kSecret;
  }
  // "Bearer", then the token as a word of its own.
  return folded(argument) == "bearer" ? Next::kSecret : Next::kPlain;
}

std::string redact(std::string_view argument, Next expected, std::string_view program) {
  if (expected == Next::kSecret) return std::string(kMask);
  if (expected == Next::kUserAndPassword) {
    const size_t colon = argument.find(':');
    if (colon != std::string_view::npos) {
      return std::string(argument.substr(0, colon + 1)) + std::string(kMask);
    }
  }
  if (is_glued_password(argument, program)) return "-p" + std::string(kMask);
  return ArgumentRedactor(argument).run();
}

std::string quoted(std::string argument) {
  if (!argument.empty() && argument.find_first_of(" \t\n\"'") == std::string::npos) return argument;
  std::string out = "'";
  for (const char c : argument) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

std::string redact_command_line(std::span<const std::string> arguments) {
  std::string out;
  const std::string_view program =
      arguments.empty() ? std::string_view() : base_name(arguments.front());
  Next expected = Next::kPlain;
  for (const std::string& argument : arguments) {
    if (!out.empty()) out += ' ';
    // Bounded before it is looked at: one argument may be 128 KiB.
    const std::string_view kept = std::string_view(argument).substr(0, 2 * kCommandLineBytes);
    out += quoted(redact(kept, expected, program));
    expected = next_of(kept, program);
    if (out.size() > kCommandLineBytes) {
      out.resize(kCommandLineBytes);
      // Not in the middle of a code point (RFC 3629: 10xxxxxx continues one).
      while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80)
        out.pop_back();
      if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
      break;
    }
  }
  return out;
}

}  // namespace sonde::alert
