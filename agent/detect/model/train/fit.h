// Fits one head: logistic loss on (best segment + text) by Adagrad, multiple-instance style: a text
// is an attack if one of its segments is, and of an attack only its best segment learns.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "agent/detect/model/train/dataset.h"

namespace sonde::detect::model {

struct FitOptions {
  int epochs = 6;
  float rate = 0.03F;
  float l2 = 2e-6F;
  float word_dropout = 0.25F;  // share of visits on which features made of words are left out
  uint64_t seed = 1;
};

// Fixed, not learned: a text that says nothing known must score low, whatever the mixture of the
// data.
inline constexpr float kBias = -4;

// A head in floating point, before quantisation.
struct FloatHead {
  std::vector<float> segment = std::vector<float>(size_t{1} << kSegmentBits);
  std::vector<float> text = std::vector<float>(size_t{1} << kTextBits);
  float bias = kBias;
};

FloatHead fit(const Dataset& data, const std::vector<uint32_t>& chosen, const FitOptions& options);
float score(const FloatHead& head, const Features& features);
Head quantize(const FloatHead& head);
std::array<std::vector<int8_t>, kSubtypes.size()> fit_subtypes(const Dataset& data,
                                                               const FloatHead& prompt,
                                                               const FloatHead& document);

}  // namespace sonde::detect::model
