#define PCRE2_CODE_UNIT_WIDTH 8
#include "agent/detect/regex.h"

#include <algorithm>

#include <pcre2.h>

namespace sonde::detect {

void Regex::FreeCode::operator()(pcre2_code* code) const { pcre2_code_free(code); }
void Regex::FreeData::operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
void Regex::FreeContext::operator()(pcre2_match_context* context) const {
  pcre2_match_context_free(context);
}

namespace {

// Compiled expressions look for a character that every match holds up to the end of what they are
// given: a text of megabytes would be read once for each literal. No match is longer than its
// repetitions allow; twice their sum leaves room for those within others.
size_t reach_of(std::string_view pattern) {
  constexpr size_t kShort = 1024;
  constexpr size_t kUnbounded = 2048;  // of "+", "*" and "{20,}"
  size_t sum = 0;
  for (size_t at = pattern.find(','); at != pattern.npos; at = pattern.find(',', at + 1)) {
    size_t most = 0;
    size_t end = at + 1;
    for (; end < pattern.size() && pattern[end] >= '0' && pattern[end] <= '9'; ++end) {
      most = most * 10 + static_cast<size_t>(pattern[end] - '0');
    }
    if (end < pattern.size() && pattern[end] == '}') sum += end == at + 1 ? kUnbounded : most;
  }
  return 2 * sum + kShort;
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
  Regex regex;
  int error = 0;
  PCRE2_SIZE offset = 0;
  regex.code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                  PCRE2_ANCHORED | PCRE2_NEVER_UTF | PCRE2_DOLLAR_ENDONLY, &error,
                                  &offset, nullptr));
  if (!regex.code_) {
    PCRE2_UCHAR message[128] = {};
    pcre2_get_error_message(error, message, sizeof message);
    return fail("pattern '" + std::string(pattern) + "', offset " + std::to_string(offset) + ": " +
                reinterpret_cast<const char*>(message));
  }
  // Without a just-in-time compiler on this machine the interpreter does the same, slower.
  pcre2_jit_compile(regex.code_.get(), PCRE2_JIT_COMPLETE);
  regex.data_.reset(pcre2_match_data_create(2, nullptr));
  regex.context_.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(regex.context_.get(), kMatchLimit);
  regex.reach_ = reach_of(pattern);
  return regex;
}

std::optional<Capture> Regex::match_at(std::string_view text, size_t position) const {
  text = text.substr(0, position + std::min(reach_, text.size() - position));
  const int count = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                position, 0, data_.get(), context_.get());
  if (count < 0) return std::nullopt;
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data_.get());
  Capture capture{offsets[0], offsets[1], offsets[0], offsets[1]};
  const bool has_group = count != 1 && offsets[2] != PCRE2_UNSET;
  if (has_group) {
    capture.start = offsets[2];
    capture.end = offsets[3];
  }
  return capture;
}

}  // namespace sonde::detect
