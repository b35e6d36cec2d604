#include "agent/detect/secret_names.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace sonde::detect {

namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

bool is_part(char c) {
  return (c >= '0' && c <= '9') || is_lower(static_cast<char>(c | 0x20)) || c == '_' || c == '-';
}

bool holds_any(std::string_view name, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return name.find(word) != name.npos; });
}

// The name around the keyword, in lower case; "public key" and "site key" are one name.
std::string name_around(std::string_view text, const LiteralHit& hit, size_t value) {
  constexpr size_t kLongest = 32;
  const auto back_over = [&](size_t from) {
    while (from > 0 && hit.start - from < kLongest && is_part(text[from - 1])) --from;
    return from;
  };
  size_t start = back_over(hit.start);
  if (start == hit.start && start > 1 && text[start - 1] == ' ' && is_part(text[start - 2])) {
    start = back_over(start - 1);
  }
  size_t end = hit.end;
  while (end < value && is_part(text[end])) ++end;
  std::string name(text.substr(start, end - start));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c == ' ') c = '_';
  }
  return name;
}

bool names_no_password(std::string_view name) {
  constexpr auto kAbout = std::to_array<std::string_view>(
      {"algorithm", "policy",  "hint",   "length", "encoder", "scheme", "regex",     "_field",
       "_type",     "_url",    "_path",  "_file",  "_name",   "passed", "passeng",   "passi",
       "passport",  "compass", "bypass", "passes", "passage", "passt",  "pass_rate", "pass_count"});
  return holds_any(name, kAbout);
}

// A UUID names a thing far more often than it opens one: only names that say so count.
bool names_no_uuid_key(std::string_view name) {
  constexpr auto kSecret = std::to_array<std::string_view>(
      {"apikey", "api_key", "api-key", "secret", "access_token", "accesstoken", "auth_token",
       "authtoken", "access-token", "auth-token", "private_key", "app_key"});
  const bool token = name.ends_with("token") && name != "token";
  return !token && !holds_any(name, kSecret);
}

}  // namespace

bool inside_word(std::string_view text, size_t start) {
  return start > 0 && is_lower(text[start]) && is_lower(text[start - 1]);
}

bool names_no_secret(std::string_view text, const LiteralHit& hit, size_t value,
                     SecretCheck check) {
  const std::string name = name_around(text, hit, value);
  if (check == SecretCheck::kPassword) return names_no_password(name);
  constexpr auto kWords = std::to_array<std::string_view>(
      {"public",   "csrf",      "xsrf",      "accessor",  "keyfile",  "key_file", "authenticity",
       "hash",     "digest",    "sha1",      "sha2",      "sha5",     "md5",      "etag",
       "commit",   "nonce",     "integrity", "revision",  "cache",    "idempot",  "pagina",
       "cursor",   "next_",     "keyframe",  "size",      "length",   "keyboard", "keyword",
       "monkey",   "tokenizer", "max_token", "max-token", "tokens",   "author",   "accessib",
       "clientid", "client_id", "client-id", "keyname",   "key_name", "checksum", "nextpage",
       "pagetok",  "page_tok",  "sitekey",   "site_key",  "pubkey",   "pub_key",  "publish",
       "continu",  "sync_tok",  "synctok",   "primary",   "foreign",  "partition"});
  if (holds_any(name, kWords)) return true;
  if (check == SecretCheck::kUuidKey && names_no_uuid_key(name)) return true;
  const bool points = name.ends_with("id") && !name.ends_with("keyid");
  return points || name.ends_with("name") || name.ends_with("path") || name.ends_with("url") ||
         name.ends_with("type");
}

bool is_record_field(std::string_view text, const LiteralHit& hit) {
  size_t end = hit.end;
  while (end < text.size() && is_lower(static_cast<char>(text[end] | 0x20))) ++end;
  const auto quote = [&](size_t at) {
    return at < text.size() && (text[at] == '"' || text[at] == '\'' || text[at] == '\\');
  };
  return hit.start > 0 && quote(hit.start - 1) && quote(end);
}

}  // namespace sonde::detect
