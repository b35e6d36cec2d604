// Evidence without plaintext that must not leave: secrets and personal data become
// "[type:fingerprint]", runs of invisible characters "[invisible:count]".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/base/limits.h"
#include "agent/detect/finding.h"
#include "agent/detect/literal_set.h"
#include "agent/detect/secret_finder.h"

namespace sonde::detect {

class Redactor {
 public:
  // `finder` and `literals` are borrowed and must outlive this.
  Redactor(std::string key, const Limits& limits, const SecretFinder& finder,
           const LiteralSet& literals);

  // The segment [start, end) of `text` in bytes with a little of what stands around it, masked, at
  // most limits.evidence_code_points long. `secrets` are those of the whole text, so that one that
  // only reaches into the segment is masked as well.
  std::string evidence(std::string_view text, size_t start, size_t end,
                       std::span<const Secret> secrets) const {
    return segment(text, start, end, secrets, limit_).text;
  }

  // The same with its own limit in code points, and where in the masked text the segment stands.
  struct Segment {
    std::string text;
    TextSpan highlight;
  };
  Segment segment(std::string_view text, size_t start, size_t end, std::span<const Secret> secrets,
                  size_t limit) const;

  // The whole of a text of our own making (decoded text, a URL) masked, cut at the same limit.
  std::string mask(std::string_view text) const;

  // A copy of text[from, to) whose secrets and personal data are "[type]": what may be shown to
  // somebody who need not recognise them. `focus`, an offset into `text`, becomes one into the
  // copy.
  std::string copy(std::string_view text, size_t from, size_t to, std::span<const Secret> secrets,
                   size_t& focus) const;

  // Stands for `value` in findings.
  std::string fingerprint_of(std::string_view value) const;

 private:
  std::string key_;
  size_t limit_;
  const SecretFinder& finder_;
  const LiteralSet& literals_;
};

}  // namespace sonde::detect
