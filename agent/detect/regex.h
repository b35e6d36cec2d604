// A compiled PCRE2 expression, run only at places that a literal pointed to. Bounded work: a match
// that would need more steps than kMatchLimit does not match. Not thread-safe (own match memory).
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "agent/base/result.h"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;

namespace sonde::detect {

struct Capture {
  size_t match_start = 0;
  size_t match_end = 0;
  size_t start = 0;  // of group 1, or of the match where there is none
  size_t end = 0;
};

class Regex {
 public:
  static Result<Regex> compile(std::string_view pattern);

  // A match that begins exactly at `position`; what stands before it is seen by look-behind, what
  // stands farther behind than the expression can reach is not looked at.
  std::optional<Capture> match_at(std::string_view text, size_t position) const;

 private:
  static constexpr uint32_t kMatchLimit = 20000;
  struct FreeCode {
    void operator()(pcre2_real_code_8* code) const;
  };
  struct FreeData {
    void operator()(pcre2_real_match_data_8* data) const;
  };
  struct FreeContext {
    void operator()(pcre2_real_match_context_8* context) const;
  };
  size_t reach_ = 0;  // bytes from `position`
  std::unique_ptr<pcre2_real_code_8, FreeCode> code_;
  std::unique_ptr<pcre2_real_match_data_8, FreeData> data_;
  std::unique_ptr<pcre2_real_match_context_8, FreeContext> context_;
};

}  // namespace sonde::detect
