// From what was learned to what is shipped: int8 weights in a table of cells; and the score that
// the product will give, so that a model is judged in the form it is shipped in.
#pragma once

#include "agent/detect/model/train/fit.h"

namespace sonde::detect::model {

// `chosen`: the samples that the head was fitted on, with their rare features marked.
Head compact(const FloatHead& head, const Dataset& data, const std::vector<uint32_t>& chosen);

// The logit, before calibration. -20 for a text without segments.
float score(const Head& head, const Features& features);

// One against all, on the best segment of each attack with a known subtype.
std::array<std::vector<int8_t>, kSubtypes.size()> fit_subtypes(const Dataset& data,
                                                               const Head& prompt,
                                                               const Head& document);

}  // namespace sonde::detect::model
