// The trained numbers and their file format. Little-endian: magic, version, then for each head the
// calibration, the per-feature tables and the subtype table. Written by train/, embedded by
// embedded.S, read once at start. Immutable after loading.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/detect/model/features.h"

namespace sonde::detect::model {

inline constexpr size_t kSubtypeBits = 11;
inline constexpr std::array<std::string_view, 10> kSubtypes = {"rule_change",
                                                               "conversation_mockup",
                                                               "role_play",
                                                               "encoding",
                                                               "manipulated_content",
                                                               "infrastructure_access",
                                                               "information_gathering",
                                                               "availability",
                                                               "fraud",
                                                               "malware"};

// Bytes of a text below which each of the length-dependent offsets applies; the last is unbounded.
inline constexpr std::array<size_t, 4> kLengthBins = {120, 600, 2500, SIZE_MAX};

// The weight of one feature of segments. Of the features that the table would put here, the one
// with the greatest weight has the cell; the others, and features never trained on, weigh nothing
// (but for one in 256, whose check is the same by chance).
struct Cell {
  int8_t weight = 0;
  uint8_t check = 0;
};
static_assert(sizeof(Cell) == 2);

// One head: logit = bias + scale * (best segment + text), then a logistic with length offsets.
struct Head {
  float segment_scale = 1;
  float text_scale = 1;
  float bias = 0;
  float slope = 1;                                 // of the calibrating logistic
  std::array<float, kLengthBins.size()> offset{};  // logit at which the score is 0.5
  std::vector<Cell> segment = std::vector<Cell>(size_t{1} << kSegmentBits);
  std::vector<int8_t> text = std::vector<int8_t>(size_t{1} << kTextBits);

  int32_t segment_weight(uint32_t hash) const {
    const Cell cell = segment[cell_index(hash)];
    return cell.check == cell_check(hash) ? cell.weight : 0;
  }
};

struct Weights {
  std::array<Head, 2> heads;  // prompt, document
  // Per subtype, over class features of the best segment.
  std::array<std::vector<int8_t>, kSubtypes.size()> subtype;
};

std::string serialize(const Weights& weights);
Result<Weights> parse_weights(std::string_view bytes);

inline size_t length_bin_of(size_t bytes) {
  size_t bin = 0;
  while (bytes >= kLengthBins[bin]) ++bin;
  return bin;
}

}  // namespace sonde::detect::model
