// Texts about which somebody else is to be asked: those whose score lies in a band of the local
// model's. What leaves the engine is a finding in waiting, and the text with its secrets masked.
#pragma once

#include <cstddef>
#include <string>

#include "agent/detect/finding.h"

namespace sonde::detect {

struct ReviewBand {
  double min_score = 2;  // none
  double max_score = 0;  // both included
  bool user = false;     // zones
  bool tool = false;
  bool plain = false;  // somebody wants the text as it is

  bool includes(llm::Zone zone, double score) const {
    return score >= min_score && score <= max_score &&
           ((user && zone == llm::Zone::kUser) || (tool && zone == llm::Zone::kTool));
  }
};

// A text, or of a very long one what stands around the place that scored highest.
struct ReviewText {
  std::string text;
  size_t focus = 0;  // byte offset of that place
};

struct ReviewCandidate {
  Finding finding;       // as the engine would raise it, with the local score
  bool flagged = false;  // and it has
  ReviewText masked;     // secrets and personal data are "[type]"
  ReviewText plain;      // empty unless ReviewBand::plain
  size_t whole_bytes = 0;
};

// Bytes kept of a text.
inline constexpr size_t kReviewBytes = size_t{128} << 10;

}  // namespace sonde::detect
