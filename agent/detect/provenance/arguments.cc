#include "agent/detect/provenance/arguments.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "agent/detect/provenance/sentences.h"

namespace sonde::detect {

namespace {

using Json = nlohmann::json;

constexpr size_t kDeepest = 32;
constexpr size_t kLongestText = 64 << 10;
constexpr size_t kWordsOfLongText = 8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// Keys whose value names a person, a place or a thing that the action is about.
bool is_name_key(const Tokens& key) {
  constexpr auto kKeys = std::to_array<std::string_view>(
      {"recipient",  "recipients",  "to",          "cc",          "bcc",          "name",
       "names",      "user",        "username",    "users",       "guest",        "guests",
       "friend",     "contact",     "contacts",    "participant", "participants", "attendee",
       "attendees",  "channel",     "beneficiary", "address",     "title",        "hotel",
       "restaurant", "company",     "product",     "file",        "filename",     "folder",
       "account",    "payee",       "receiver",    "owner",       "email",        "host",
       "domain",     "url",         "uri",         "link",        "site",         "server",
       "package",    "repo",        "repository",  "branch",      "device",       "vehicle",
       "plate",      "destination", "location",    "city",        "password",     "code",
       "symbol",     "id",          "ids",         "drug",        "stock",        "person",
       "target",     "path",        "website",     "phone",       "number",       "subject",
       "topic",      "label",       "query"});
  for (size_t i = 0; i < key.size(); ++i) {
    if (std::find(kKeys.begin(), kKeys.end(), key.word(i)) != kKeys.end()) return true;
  }
  return false;
}

bool is_email(std::string_view text) {
  const size_t at = text.find('@');
  return at != text.npos && at > 0 && text.find('.', at) != text.npos &&
         text.find(' ') == text.npos;
}

// "bill.txt", "/etc/passwd", "C:\\x": one word with a directory or an extension.
bool is_path(std::string_view text) {
  if (text.find(' ') != text.npos || text.size() < 4) return false;
  const size_t slash = text.find_first_of("/\\");
  if (slash != text.npos && slash + 1 < text.size()) return text.find("//") == text.npos;
  const size_t dot = text.rfind('.');
  return dot != text.npos && dot > 0 && text.size() - dot <= 6 && dot + 1 < text.size() &&
         std::all_of(text.begin() + static_cast<ptrdiff_t>(dot) + 1, text.end(), is_letter);
}

bool has_account(std::string_view text) {
  return std::count_if(text.begin(), text.end(), is_digit) >= 7;
}

// Accounts, phones, order numbers, guest_amy01: digits enough to be no chance.
bool is_identifier(std::string_view text) {
  const auto digits = std::count_if(text.begin(), text.end(), is_digit);
  const auto letters = std::count_if(text.begin(), text.end(), is_letter);
  const auto spaces = std::count(text.begin(), text.end(), ' ');
  if (spaces > 0) return digits >= 7 && letters <= 4 && text.size() <= 40;
  if (digits >= 7 && !(text[4] == '-' && digits == 8)) return true;  // a date is no account
  return letters >= 2 && digits >= 2 && digits + letters >= 6;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || c == '.' || c == ',' || c == '-' || c == '+' || c == '$' || c == ' ' ||
           c == '%';
  }) && std::any_of(text.begin(), text.end(), is_digit);
}

// "1,250.00" and "1250" are one amount.
std::string digits_of_number(std::string_view text) {
  std::string out;
  const size_t dot = text.rfind('.');
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == dot && text.find_first_not_of('0', dot + 1) == text.npos) break;
    if (is_digit(text[i])) out.push_back(text[i]);
  }
  return out;
}

ValueKind kind_of(const Argument& argument, bool name_key) {
  const std::string& text = argument.text;
  if (text.size() < 2 || text == "true" || text == "false" || text == "null") {
    return is_number(text) ? ValueKind::kNumber : ValueKind::kFlag;
  }
  if (is_email(text) || !host_of_url(text).empty()) return ValueKind::kStrong;
  if (is_number(text)) {
    const auto digits = std::count_if(text.begin(), text.end(), is_digit);
    if (text.find('.') != text.npos) return ValueKind::kNumber;
    constexpr auto kDigitsOfCode = 4;  // a PIN, a door's code, an id
    return digits >= 7                           ? ValueKind::kStrong
           : name_key && digits >= kDigitsOfCode ? ValueKind::kName
                                                 : ValueKind::kNumber;
  }
  if (is_identifier(text) || is_path(text)) return ValueKind::kStrong;
  if (argument.words.size() >= kWordsOfLongText) return ValueKind::kLongText;
  return name_key ? ValueKind::kName : ValueKind::kWord;
}

size_t nesting(std::string_view text) {
  size_t depth = 0;
  size_t deepest = 0;
  for (const char c : text) {
    if (c == '{' || c == '[') deepest = std::max(deepest, ++depth);
    if ((c == '}' || c == ']') && depth > 0) --depth;
  }
  return deepest;
}

bool is_rooted_path(std::string_view word) {
  constexpr auto kRoots = std::to_array<std::string_view>({"/", "~/", "./", "../"});
  return is_path(word) && std::any_of(kRoots.begin(), kRoots.end(), [&](std::string_view root) {
           return word.starts_with(root);
         });
}

// Addresses and paths that stand inside of a longer text.
void add_embedded(const Argument& whole, std::vector<Argument>& out) {
  constexpr size_t kMost = 16;
  constexpr std::string_view kBreaks = " \t\r\n\"'`<>()[]{},;|";
  const std::string_view text = whole.text;
  size_t found = 0;
  for (size_t i = 0; i < text.size() && found < kMost && out.size() < kArgumentsPerCall;) {
    const size_t start = text.find_first_not_of(kBreaks, i);
    if (start == text.npos) return;
    size_t end = std::min(text.find_first_of(kBreaks, start), text.size());
    i = end;
    while (end > start && (text[end - 1] == '.' || text[end - 1] == ':')) --end;
    const std::string_view word = text.substr(start, end - start);
    if (word.size() < 6) continue;
    const bool address = is_email(word) || !host_of_url(word).empty() || has_account(word);
    if (!address && !is_rooted_path(word)) continue;
    out.push_back(make_argument(whole.path, std::string(word)));
    out.back().path_in_text = !address;
    ++found;
  }
}

void keep(Argument argument, std::vector<Argument>& out) {
  const bool longer =
      argument.kind == ValueKind::kLongText || argument.text.find(' ') != std::string::npos;
  out.push_back(std::move(argument));
  if (longer) {
    const Argument whole = out.back();
    add_embedded(whole, out);
  }
}

class Reader {
 public:
  std::vector<Argument> take() { return std::move(out_); }

  void walk(const Json& value, const std::string& path, size_t depth) {
    if (depth > kDeepest || out_.size() >= kArgumentsPerCall) return;
    if (value.is_object()) {
      for (const auto& [key, inner] : value.items()) {
        walk(inner, path.empty() ? key : fmt::format("{}.{}", path, key), depth + 1);
      }
    } else if (value.is_array()) {
      for (const Json& inner : value) walk(inner, path, depth + 1);
    } else if (value.is_string()) {
      add_string(path, value.get_ref<const std::string&>(), depth);
    } else if (!value.is_null()) {
      out_.push_back(make_argument(path, value.dump()));
    }
  }

 private:
  // Some tools take JSON inside of a string.
  void add_string(const std::string& path, const std::string& text, size_t depth) {
    if (text.size() > 2 && (text[0] == '{' || text[0] == '[') && text.size() <= kLongestText &&
        nesting(text) <= kDeepest) {
      const Json inner = Json::parse(text, nullptr, false);
      if (!inner.is_discarded()) return walk(inner, path, depth + 1);
    }
    keep(make_argument(path, text.substr(0, kLongestText)), out_);
  }

  std::vector<Argument> out_;
};

}  // namespace

std::string_view host_of_url(std::string_view text) {
  const size_t scheme = text.find("://");
  const bool www = text.size() > 6 && (text.substr(0, 4) == "www." || text.substr(0, 4) == "WWW.");
  if (scheme == text.npos && !www) return {};
  const std::string_view name = text.substr(0, std::min(scheme, text.size()));
  if (scheme != text.npos && (scheme == 0 || !std::all_of(name.begin(), name.end(), is_letter))) {
    return {};
  }
  const size_t start = scheme == text.npos ? 0 : scheme + 3;
  const size_t end = std::min(text.find_first_of("/?#\\ \"'<>)", start), text.size());
  std::string_view host = text.substr(start, end - start);
  if (const size_t at = host.rfind('@'); at != host.npos) host.remove_prefix(at + 1);
  if (const size_t colon = host.find(':'); colon != host.npos) host = host.substr(0, colon);
  return host.find('.') == host.npos && host != "localhost" ? std::string_view() : host;
}

namespace {

// How people write an address that programs shall not find, as Tokens join it.
std::vector<std::string> spellings_of(std::string_view email) {
  std::string domain;
  std::string dotted;
  for (const char c : email.substr(email.find('@') + 1)) {
    if (c == '.') dotted += "dot";
    if (!is_letter(c) && !is_digit(c)) continue;
    domain.push_back(static_cast<char>(is_letter(c) ? c | 0x20 : c));
    dotted.push_back(domain.back());
  }
  Tokens local;
  local.append(email.substr(0, email.find('@')), false);
  return {fmt::format("{}at{}", local.joined(), domain),
          fmt::format("{}at{}", local.joined(), dotted)};
}

}  // namespace

Argument make_argument(std::string path, std::string text) {
  Argument argument{.path = std::move(path), .text = std::move(text)};
  const std::string_view host = host_of_url(argument.text);
  const bool whole_url = !host.empty() && argument.text.find(' ') == std::string::npos;
  argument.words.append(whole_url ? host : std::string_view(argument.text), false);
  const Tokens key = tokens_of_name(argument.path);
  argument.kind = kind_of(argument, is_name_key(key));
  if (is_email(argument.text)) argument.spellings = spellings_of(argument.text);
  if (argument.kind == ValueKind::kNumber) {
    argument.number = digits_of_number(argument.text);
    if (is_name_key(key))
      argument.label = fmt::format("{}{}", key.word(key.size() - 1), argument.number);
  }
  return argument;
}

std::vector<Argument> read_arguments(std::string_view arguments) {
  Reader reader;
  if (looks_like_json(arguments) && nesting(arguments) <= kDeepest) {
    const Json json = Json::parse(arguments, nullptr, false);
    if (!json.is_discarded()) {
      reader.walk(json, "", 0);
      return reader.take();
    }
  }
  std::vector<Argument> out;
  if (!arguments.empty()) {
    keep(make_argument("", std::string(arguments.substr(0, kLongestText))), out);
  }
  return out;
}

}  // namespace sonde::detect
