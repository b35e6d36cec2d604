#define PCRE2_CODE_UNIT_WIDTH 8
#include "agent/detect/regex.h"

#include <pcre2.h>

namespace sonde::detect {

void Regex::FreeCode::operator()(pcre2_code* code) const { pcre2_code_free(code); }
void Regex::FreeData::operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
void Regex::FreeContext::operator()(pcre2_match_context* context) const {
  pcre2_match_context_free(context);
}

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
  return regex;
}

std::optional<Capture> Regex::match_at(std::string_view text, size_t position) const {
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
