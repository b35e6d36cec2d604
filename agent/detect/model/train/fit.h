// Fits one head: logistic loss on (best segment + text) by Adagrad, multiple-instance style: a text
// is an attack if one of its segments is, and of an attack only its best segment learns.
#pragma once

#include <array>
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
  // Features of segments that the data show less often have no weight (prompt, document).
  std::array<uint32_t, 2> least_seen = {8, 20};
  uint64_t seed = 1;
};

// Fixed, not learned: a text that says nothing known must score low, whatever the mixture of the
// data.
inline constexpr float kBias = -4;

// A head in floating point. So many places that two features hardly ever share one.
inline constexpr uint32_t kFitBits = 22;
inline uint32_t fit_index(uint32_t feature) {
  return (feature & (kRareFeature - 1)) >> (kFeatureBits - kFitBits);
}
struct FloatHead {
  std::vector<float> segment = std::vector<float>(size_t{1} << kFitBits);
  std::vector<float> text = std::vector<float>(size_t{1} << kTextBits);
  float bias = kBias;
};

// Marks the rare features of the chosen samples, and of no others.
FloatHead fit(Dataset& data, const std::vector<uint32_t>& chosen, const FitOptions& options);

}  // namespace sonde::detect::model
