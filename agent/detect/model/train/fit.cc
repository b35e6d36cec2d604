#include "agent/detect/model/train/fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace sonde::detect::model {
namespace {

// SplitMix64: the same numbers everywhere, unlike the distributions of <random>.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  float unit() { return static_cast<float>(next() >> 40) * 0x1p-24F; }

 private:
  uint64_t state_;
};

// The sum of a segment's weights, without the features that have a bit of `left_out`.
float dot(const std::vector<float>& table, FeatureSpan range, uint32_t left_out) {
  float sum = 0;
  for (const uint32_t feature : range) {
    if ((feature & left_out) == 0) sum += table[fit_index(feature)];
  }
  return sum;
}

float dot_text(const std::vector<float>& table, const std::vector<uint32_t>& features) {
  float sum = 0;
  for (const uint32_t index : features) sum += table[index];
  return sum;
}

struct Adagrad {
  std::vector<float>& weights;
  std::vector<float> squares;
  explicit Adagrad(std::vector<float>& table) : weights(table), squares(table.size(), 0.5F) {}
  void step(uint32_t index, float gradient, float rate, float l2) {
    gradient += l2 * weights[index];
    squares[index] += gradient * gradient;
    weights[index] -= rate * gradient / std::sqrt(squares[index]);
  }
};

float norm(FeatureSpan range) { return segment_norm(range.size()); }

class Fitter {
 public:
  Fitter(FloatHead& head, const FitOptions& options)
      : head_(head),
        options_(options),
        segment_(head.segment),
        text_(head.text),
        random_(options.seed) {}

  void visit(const Sample& sample, const Features& features) {
    const size_t count = features.segment_ends.size();
    if (count == 0) return;
    const uint32_t left_out =
        kRareFeature | (random_.unit() < options_.word_dropout ? kWordFeature : 0);
    // Of an attack the best of its segments learns (of the payload where that is known), and the
    // best of the innocent rest is a negative. Of a benign text both the best and the runner-up are
    // negatives.
    const Top top = rank(features, sample.label != 0, left_out);
    const float text = dot_text(head_.text, features.text_features);
    const float target = sample.label;
    const float gradient = sample.weight * (sigmoid(head_.bias + top.first_sum + text) - target);
    learn(segment_range(features, top.first), gradient, left_out);
    learn_text(features.text_features, gradient * kTextShare);
    if (top.second_sum > kNone && (sample.label == 0 || !features.in_payload.empty())) {
      learn(segment_range(features, top.second),
            sample.weight * 0.5F * sigmoid(head_.bias + top.second_sum), left_out);
    }
  }

 private:
  static constexpr float kTextShare = 0.3F;  // the whole text learns more slowly than the segment

  static constexpr float kNone = -1e9F;
  static constexpr float kLeastGradient = 1e-4F;

  struct Top {
    size_t first = 0;
    size_t second = 0;
    float first_sum = kNone;
    float second_sum = kNone;
  };

  Top rank(const Features& features, bool attack, uint32_t left_out) const {
    const bool known = attack && !features.in_payload.empty();
    Top top;
    for (size_t i = 0; i < features.segment_ends.size(); ++i) {
      const FeatureSpan range = segment_range(features, i);
      const float sum = norm(range) * dot(head_.segment, range, left_out);
      const bool rest = known && features.in_payload[i] == 0;
      if (!rest && sum > top.first_sum) {
        if (!known) {
          top.second = top.first;
          top.second_sum = top.first_sum;
        }
        top.first = i;
        top.first_sum = sum;
      } else if ((rest || !known) && sum > top.second_sum) {
        top.second = i;
        top.second_sum = sum;
      }
    }
    return top;
  }

  static float sigmoid(float z) { return 1.0F / (1.0F + std::exp(-z)); }
  void learn(FeatureSpan range, float gradient, uint32_t left_out) {
    if (std::fabs(gradient) < kLeastGradient) return;
    gradient *= norm(range);
    for (const uint32_t feature : range) {
      if ((feature & left_out) == 0)
        segment_.step(fit_index(feature), gradient, options_.rate, options_.l2);
    }
  }
  void learn_text(const std::vector<uint32_t>& indexes, float gradient) {
    if (std::fabs(gradient) < kLeastGradient) return;
    for (const uint32_t index : indexes) text_.step(index, gradient, options_.rate, options_.l2);
  }

  FloatHead& head_;
  const FitOptions& options_;
  Adagrad segment_;
  Adagrad text_;
  Random random_;
};

void shuffle(std::vector<uint32_t>& order, Random& random) {
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.next() % i]);
}

// Marks what the chosen texts show fewer than `least` times. Their weights would say something of
// these texts alone, and in the table they would lie upon the weights of others.
void mark_rare(Dataset& data, const std::vector<uint32_t>& chosen, uint32_t least) {
  constexpr uint32_t kCountBits = 26;
  std::vector<uint16_t> counts(size_t{1} << kCountBits);
  const auto slot = [](uint32_t feature) {
    return (feature & (kRareFeature - 1)) >> (kFeatureBits - kCountBits);
  };
  for (const uint32_t index : chosen) {
    for (const uint32_t feature : data.features[index].segment_features) {
      uint16_t& count = counts[slot(feature)];
      if (count < least) ++count;
    }
  }
  for (const uint32_t index : chosen) {
    for (uint32_t& feature : data.features[index].segment_features) {
      feature &= ~kRareFeature;
      if (counts[slot(feature)] < least) feature |= kRareFeature;
    }
  }
}

}  // namespace

FloatHead fit(Dataset& data, const std::vector<uint32_t>& chosen, const FitOptions& options) {
  if (chosen.empty()) return {};
  mark_rare(data, chosen, options.least_seen[data.samples[chosen.front()].head]);
  FloatHead head;
  Fitter fitter(head, options);
  std::vector<uint32_t> order = chosen;
  Random random(options.seed * 77 + 5);
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    shuffle(order, random);
    for (const uint32_t index : order) fitter.visit(data.samples[index], data.features[index]);
  }
  return head;
}

}  // namespace sonde::detect::model
