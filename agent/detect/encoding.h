// Encodings that hide bytes in text: where they stand and what they hold. Pure, linear.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::detect {

struct EncodedRun {
  size_t start = 0;  // bytes in the text
  size_t end = 0;
  std::string_view encoding;  // "base64", "hex", "percent"
  std::string decoded;        // printable
};

// Runs whose decoded form is printable text. Bounded: at most kEncodedRuns of kEncodedBytes in all.
inline constexpr size_t kEncodedRuns = 64;
inline constexpr size_t kEncodedBytes = size_t{1} << 20;
std::vector<EncodedRun> find_encoded_runs(std::string_view text);

// Both alphabets, with or without padding; stops at the first character of neither.
std::string decode_base64(std::string_view text);
std::string decode_hex(std::string_view text);
std::string decode_percent(std::string_view text);

// Nine of ten bytes printable ASCII or white space, and not empty.
bool is_printable(std::string_view text);

}  // namespace sonde::detect
