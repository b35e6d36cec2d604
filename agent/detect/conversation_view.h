// A finding among its neighbours: what a person needs to read to judge it. Every text is masked by
// the redactor before it gets here.
#pragma once

#include <span>
#include <vector>

#include "agent/detect/detector.h"
#include "agent/detect/finding.h"
#include "agent/detect/redact.h"

namespace sonde::detect {

enum class ConversationLevel : uint8_t {
  kNone,     // no conversation
  kOutline,  // neighbours' zone, kind and length; the text of the finding and of its cause
  kTexts,    // neighbours' texts as well
};

// The texts around `hit` in reading order: at most kNeighboursBefore + 1 + kNeighboursAfter, and
// its cause where that stands elsewhere. Tool definitions and instructions are neighbours only of
// their own kind. Empty for a hit without a text.
std::vector<ConversationText> conversation_of(const Hit& hit, const Subject& subject,
                                              const Redactor& redactor);

inline constexpr size_t kNeighboursBefore = 4;
inline constexpr size_t kNeighboursAfter = 2;
inline constexpr size_t kNeighbourCodePoints = 1024;

}  // namespace sonde::detect
