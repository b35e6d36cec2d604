#include "agent/detect/model/train/compact.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sonde::detect::model {
namespace {

// The size of one step of int8. The few largest are clipped, so that the many small ones keep their
// precision.
float step_of(const std::vector<float>& weights) {
  std::vector<float> sizes;
  for (const float w : weights) {
    if (w != 0) sizes.push_back(std::fabs(w));
  }
  if (sizes.empty()) return 1;
  const size_t rank = sizes.size() - 1 - sizes.size() / 5000;
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(rank), sizes.end());
  return sizes[rank] / 127.0F;
}

int8_t quantized(float weight, float step) {
  return static_cast<int8_t>(std::lround(std::clamp(weight / step, -127.0F, 127.0F)));
}

struct BestSegment {
  size_t index = 0;
  float sum = -std::numeric_limits<float>::infinity();
};

BestSegment best_segment(const Head& head, const Features& features) {
  BestSegment best;
  for (size_t i = 0; i < features.segment_ends.size(); ++i) {
    const FeatureSpan range = segment_range(features, i);
    int32_t sum = 0;
    for (const uint32_t feature : range) sum += head.segment_weight(hash_of(feature));
    const float normed = static_cast<float>(sum) * segment_norm(range.size());
    if (normed > best.sum) best = {i, normed};
  }
  return best;
}

}  // namespace

Head compact(const FloatHead& head, const Dataset& data, const std::vector<uint32_t>& chosen) {
  Head out;
  out.bias = head.bias;
  out.text_scale = step_of(head.text);
  for (size_t i = 0; i < out.text.size(); ++i)
    out.text[i] = quantized(head.text[i], out.text_scale);
  // Each cell to the greatest of those that would have it; of equals the first keeps it.
  std::vector<float> owners(out.segment.size());
  for (const uint32_t index : chosen) {
    for (const uint32_t feature : data.features[index].segment_features) {
      if ((feature & kRareFeature) != 0) continue;
      const uint32_t hash = hash_of(feature);
      const float weight = head.segment[fit_index(feature)];
      float& owner = owners[cell_index(hash)];
      if (std::fabs(weight) <= std::fabs(owner)) continue;
      owner = weight;
      out.segment[cell_index(hash)].check = cell_check(hash);
    }
  }
  out.segment_scale = step_of(owners);
  for (size_t i = 0; i < owners.size(); ++i)
    out.segment[i].weight = quantized(owners[i], out.segment_scale);
  return out;
}

float score(const Head& head, const Features& features) {
  if (features.segment_ends.empty()) return -20;
  int32_t text = 0;
  for (const uint32_t index : features.text_features) text += head.text[index];
  return head.bias + head.segment_scale * best_segment(head, features).sum +
         head.text_scale * static_cast<float>(text);
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): nested only by epoch, sample, class
std::array<std::vector<int8_t>, kSubtypes.size()> fit_subtypes(const Dataset& data,
                                                               const Head& prompt,
                                                               const Head& document) {
  constexpr int kEpochs = 3;
  const auto place = [](uint32_t feature) { return hash_of(feature) >> (32 - kSubtypeBits); };
  std::array<std::vector<float>, kSubtypes.size()> tables;
  for (auto& table : tables) table.resize(size_t{1} << kSubtypeBits);
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    for (size_t i = 0; i < data.samples.size(); ++i) {
      const Sample& sample = data.samples[i];
      const Features& features = data.features[i];
      if (sample.label == 0 || sample.subtype < 0 || features.segment_ends.empty()) continue;
      const Head& head = sample.head == 1 ? document : prompt;
      const FeatureSpan range = segment_range(features, best_segment(head, features).index);
      for (size_t k = 0; k < tables.size(); ++k) {
        float sum = 0;
        for (const uint32_t feature : range) sum += tables[k][place(feature)];
        const float target = sample.subtype == static_cast<int>(k) ? 1 : 0;
        const float gradient = 1.0F / (1.0F + std::exp(-sum)) - target;
        for (const uint32_t feature : range) tables[k][place(feature)] -= 0.01F * gradient;
      }
    }
  }
  std::array<std::vector<int8_t>, kSubtypes.size()> out;
  float step = 0;
  for (const auto& table : tables) step = std::max(step, step_of(table));
  for (size_t k = 0; k < tables.size(); ++k) {
    out[k].resize(tables[k].size());
    for (size_t i = 0; i < tables[k].size(); ++i) out[k][i] = quantized(tables[k][i], step);
  }
  return out;
}

}  // namespace sonde::detect::model
