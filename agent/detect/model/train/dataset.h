// Labelled texts for training and evaluation, turned into features once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/detect/model/weights.h"

namespace sonde::detect::model {

// A text as the generator writes it: one JSON object a line with the keys
// t text, y 1 = attack, h "p" (prompt) or "d" (document), g family or source, k kind of document,
// s system prompt, a [start, end) code points of the attack, c subtype, w weight, f fold and f2 the
// carrier's fold (-1: in none).
struct Sample {
  std::string text;
  std::string system;
  std::string kind;
  uint16_t group = 0;
  uint8_t label = 0;
  uint8_t head = 0;
  int8_t subtype = -1;
  int8_t fold = -1;
  int8_t fold2 = -1;  // of the carrier document
  float weight = 1;
  uint32_t payload_start = 0;  // bytes that carry the attack, where the generator knows
  uint32_t payload_end = 0;
};

// Features of one sample. Of a segment: 30 bits of hash, kWordFeature where words take part,
// kRareFeature where the training data do not show it often enough (fit.h).
struct Features {
  std::vector<uint32_t> segment_features;  // of all segments, one after the other
  std::vector<uint32_t> segment_ends;      // end of each segment in segment_features
  std::vector<uint32_t> text_features;
  std::vector<uint8_t> in_payload;  // per segment; empty where the payload is not known
};
using FeatureSpan = std::span<const uint32_t>;
inline FeatureSpan segment_range(const Features& features, size_t index) {
  const size_t begin = index == 0 ? 0 : features.segment_ends[index - 1];
  return {features.segment_features.data() + begin, features.segment_ends[index] - begin};
}

inline constexpr uint32_t kWordFeature = 0x80000000U;
inline constexpr uint32_t kRareFeature = 0x40000000U;
inline constexpr uint32_t kFeatureBits = 30;

// The hash of a feature, without its last bits.
inline uint32_t hash_of(uint32_t feature) { return feature << (32 - kFeatureBits); }

struct Dataset {
  std::vector<Sample> samples;
  std::vector<Features> features;  // same order
  std::vector<std::string> groups;
};

Result<Dataset> read_dataset(const std::string& path, const Lexicon& lexicon);

}  // namespace sonde::detect::model
