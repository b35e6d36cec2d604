// Character classes and list syntax of HTTP fields (RFC 9110, 5.6). ASCII only, locale-free.
#pragma once

#include <string>
#include <string_view>

namespace sonde::http {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// tchar of RFC 9110, 5.6.2.
bool is_token_char(char c);
// One or more tchar.
bool is_token(std::string_view text);
// Value of a hexadecimal digit, or -1.
int hex_digit(char c);

// Without the optional whitespace (SP, HTAB) at both ends.
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

// Takes the next element off a comma-separated list, trimmed; empty elements are skipped
// (RFC 9110, 5.6.1.2). False when none is left. Quoted commas separate too: no list read here
// (codings, connection options, upgrade protocols) may carry a quoted string with a comma.
bool next_list_element(std::string_view& list, std::string_view& element);

// Whether the comma-separated list holds the token, case ignored, parameters (";...") ignored.
bool list_has_token(std::string_view list, std::string_view token);

}  // namespace sonde::http
