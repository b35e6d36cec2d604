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

float dot(const std::vector<float>& table, const uint32_t* begin, const uint32_t* end,
          bool no_words) {
  float sum = 0;
  for (; begin != end; ++begin) {
    if (no_words && (*begin & kWordFeature) != 0) continue;
    sum += table[*begin & ~kWordFeature];
  }
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

struct Range {
  const uint32_t* begin = nullptr;
  const uint32_t* end = nullptr;
};
Range segment_range(const Features& features, size_t index) {
  const uint32_t* data = features.segment_features.data();
  return {data + (index == 0 ? 0 : features.segment_ends[index - 1]),
          data + features.segment_ends[index]};
}

float norm(Range range) { return segment_norm(static_cast<size_t>(range.end - range.begin)); }

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
    const bool no_words = random_.unit() < options_.word_dropout;
    // Of an attack the best of its segments learns (of the payload where that is known), and the
    // best of the innocent rest is a negative. Of a benign text both the best and the runner-up are
    // negatives.
    const Top top = rank(features, sample.label != 0, no_words);
    const Range text_range{features.text_features.data(),
                           features.text_features.data() + features.text_features.size()};
    const float text = dot(head_.text, text_range.begin, text_range.end, false);
    const float target = sample.label;
    const float gradient = sample.weight * (sigmoid(head_.bias + top.first_sum + text) - target);
    learn(segment_, segment_range(features, top.first), gradient, no_words);
    learn(text_, text_range, gradient * kTextShare, false);
    if (top.second_sum > kNone && (sample.label == 0 || !features.in_payload.empty())) {
      learn(segment_, segment_range(features, top.second),
            sample.weight * 0.5F * sigmoid(head_.bias + top.second_sum), no_words);
    }
  }

 private:
  static constexpr float kTextShare = 0.3F;  // the whole text learns more slowly than the segment

  static constexpr float kNone = -1e9F;

  struct Top {
    size_t first = 0;
    size_t second = 0;
    float first_sum = kNone;
    float second_sum = kNone;
  };

  Top rank(const Features& features, bool attack, bool no_words) const {
    const bool known = attack && !features.in_payload.empty();
    Top top;
    for (size_t i = 0; i < features.segment_ends.size(); ++i) {
      const Range range = segment_range(features, i);
      const float sum = norm(range) * dot(head_.segment, range.begin, range.end, no_words);
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
  void learn(Adagrad& table, Range range, float gradient, bool no_words) {
    if (std::fabs(gradient) < 1e-4F) return;
    if (&table == &segment_) gradient *= norm(range);
    for (const uint32_t* at = range.begin; at != range.end; ++at) {
      if (no_words && (*at & kWordFeature) != 0) continue;
      table.step(*at & ~kWordFeature, gradient, options_.rate, options_.l2);
    }
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

float quantize_table(const std::vector<float>& from, std::vector<int8_t>& to) {
  std::vector<float> sizes;
  for (const float w : from) {
    if (w != 0) sizes.push_back(std::fabs(w));
  }
  if (sizes.empty()) return 1;
  // The few largest are clipped, so that the many small ones keep their precision.
  const size_t rank = sizes.size() - 1 - sizes.size() / 5000;
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(rank), sizes.end());
  const float scale = sizes[rank] / 127.0F;
  for (size_t i = 0; i < from.size(); ++i) {
    to[i] = static_cast<int8_t>(std::lround(std::clamp(from[i] / scale, -127.0F, 127.0F)));
  }
  return scale;
}

size_t best_segment(const FloatHead& head, const Features& features) {
  size_t best = 0;
  float best_sum = -std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < features.segment_ends.size(); ++i) {
    const Range range = segment_range(features, i);
    const float sum = norm(range) * dot(head.segment, range.begin, range.end, false);
    if (sum > best_sum) {
      best_sum = sum;
      best = i;
    }
  }
  return best;
}

}  // namespace

FloatHead fit(const Dataset& data, const std::vector<uint32_t>& chosen, const FitOptions& options) {
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

float score(const FloatHead& head, const Features& features) {
  if (features.segment_ends.empty()) return -20;
  const Range range = segment_range(features, best_segment(head, features));
  return head.bias + norm(range) * dot(head.segment, range.begin, range.end, false) +
         dot(head.text, features.text_features.data(),
             features.text_features.data() + features.text_features.size(), false);
}

Head quantize(const FloatHead& head) {
  Head out;
  out.segment_scale = quantize_table(head.segment, out.segment);
  out.text_scale = quantize_table(head.text, out.text);
  out.bias = head.bias;
  return out;
}

// One-against-all on the best segment of each attack with a known subtype.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): nested only by epoch, sample, class
std::array<std::vector<int8_t>, kSubtypes.size()> fit_subtypes(const Dataset& data,
                                                               const FloatHead& prompt,
                                                               const FloatHead& document) {
  constexpr uint32_t kDown = kSegmentBits - kSubtypeBits;
  constexpr int kEpochs = 3;
  std::array<std::vector<float>, kSubtypes.size()> tables;
  for (auto& table : tables) table.resize(size_t{1} << kSubtypeBits);
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    for (size_t i = 0; i < data.samples.size(); ++i) {
      const Sample& sample = data.samples[i];
      const Features& features = data.features[i];
      if (sample.label == 0 || sample.subtype < 0 || features.segment_ends.empty()) continue;
      const Range range =
          segment_range(features, best_segment(sample.head == 1 ? document : prompt, features));
      for (size_t k = 0; k < tables.size(); ++k) {
        float sum = 0;
        for (const uint32_t* at = range.begin; at != range.end; ++at)
          sum += tables[k][(*at & ~kWordFeature) >> kDown];
        const float target = sample.subtype == static_cast<int>(k) ? 1 : 0;
        const float gradient = 1.0F / (1.0F + std::exp(-sum)) - target;
        for (const uint32_t* at = range.begin; at != range.end; ++at) {
          tables[k][(*at & ~kWordFeature) >> kDown] -= 0.01F * gradient;
        }
      }
    }
  }
  float largest = 1e-6F;
  for (const auto& table : tables) {
    for (const float w : table) largest = std::max(largest, std::fabs(w));
  }
  std::array<std::vector<int8_t>, kSubtypes.size()> out;
  for (size_t k = 0; k < tables.size(); ++k) {
    out[k].resize(tables[k].size());
    for (size_t i = 0; i < tables[k].size(); ++i) {
      out[k][i] = static_cast<int8_t>(std::lround(tables[k][i] / largest * 127.0F));
    }
  }
  return out;
}

}  // namespace sonde::detect::model
