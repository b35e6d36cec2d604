// What the linear heads see: hashed features of one segment, and of the text as a whole.
// The trainer and the scorer include this same code, so that they cannot differ.
//
// Segment features: words, word pairs, word-or-class pairs, sequences of classes over gaps,
// unordered pairs of classes, opening and closing, writing style; for documents also the kind of
// document and segment; relation to the system prompt. Text features: classes present anywhere and
// their pairs, by length. All are binary and cost a table look-up each.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "agent/detect/model/lexicon.h"
#include "agent/detect/model/tokenizer.h"

namespace sonde::detect::model {

inline constexpr size_t kSegmentBits = 18;
inline constexpr size_t kTextBits = 14;

// Where the weight of a segment's feature stands, and what tells it from the others of that place.
inline constexpr uint32_t cell_index(uint32_t hash) { return hash >> (32 - kSegmentBits); }
inline constexpr uint8_t cell_check(uint32_t hash) {
  return static_cast<uint8_t>(hash >> (32 - kSegmentBits - 8));
}

enum class DocumentKind : uint8_t { kUnknown, kEmail, kJson, kHtml, kCode, kWeb };

// Where a segment stands. One per segment.
struct SegmentContext {
  bool document = false;
  bool decoded = false;
  DocumentKind kind = DocumentKind::kUnknown;
  bool first = false;
  uint8_t relation = 0;  // RelationFlag bits
  // Classes of the segment before, as an instruction may span two.
  std::array<ClassId, 4> before{};
  uint8_t before_count = 0;
};

// 128 classes at most (lexicon.h).
struct ClassSet {
  std::array<uint64_t, 2> bits{};
  bool add(ClassId id) {
    uint64_t& word = bits[id >> 6];
    const uint64_t bit = uint64_t{1} << (id & 63);
    const bool fresh = (word & bit) == 0;
    word |= bit;
    return fresh;
  }
  bool has(ClassId id) const { return (bits[id >> 6] >> (id & 63)) & 1; }
  size_t size() const { return std::popcount(bits[0]) + std::popcount(bits[1]); }
};

namespace detail {

inline uint32_t mix(uint32_t space, uint32_t a) { return hash_pair(space * 0x9E3779B1U, a); }
inline uint32_t mix(uint32_t space, uint32_t a, uint32_t b) { return hash_pair(mix(space, a), b); }
inline uint32_t mix(uint32_t space, uint32_t a, uint32_t b, uint32_t c) {
  return hash_pair(mix(space, a, b), c);
}
inline uint32_t length_bin(size_t n) {
  return static_cast<uint32_t>(n < 3 ? 0 : n < 6 ? 1 : n < 10 ? 2 : n < 16 ? 3 : n < 28 ? 4 : 5);
}
// A class where there is one, else the word.
inline uint32_t symbol(const Token& token) {
  return token.cls != kNoClass ? token.cls : token.hash;
}

// Which pairs of words a segment has shown already. What repeats says nothing new: without this a
// word repeated often enough adds up to any score. A Bloom filter of one hash: a collision drops
// the features of one word of a very long segment.
class SeenPairs {
 public:
  bool again(uint32_t previous, uint32_t current) {
    const uint32_t slot = hash_pair(previous, current) >> (32 - kBits);
    uint64_t& word = bits_[slot >> 6];
    const uint64_t bit = uint64_t{1} << (slot & 63);
    const bool seen = (word & bit) != 0;
    word |= bit;
    return seen;
  }

 private:
  static constexpr uint32_t kBits = 11;
  std::array<uint64_t, (size_t{1} << kBits) / 64> bits_{};
};

}  // namespace detail

template <typename Sink>
void word_features(const Segment& segment, Sink& sink) {
  uint32_t previous = 1;
  uint32_t previous_symbol = 1;
  uint32_t older_symbol = 1;
  detail::SeenPairs seen;
  for (const Token& token : segment.tokens) {
    const uint32_t symbol = detail::symbol(token);
    if (!seen.again(previous, token.hash)) {
      sink.word(detail::mix(1, token.hash));
      sink.word(detail::mix(2, previous, token.hash));
      if (symbol != token.hash || previous_symbol != previous) {
        sink.word(detail::mix(3, previous_symbol, symbol));
      }
      sink.word(detail::mix(4, older_symbol, previous_symbol, symbol));
    }
    older_symbol = previous_symbol;
    previous_symbol = symbol;
    previous = token.hash;
  }
  sink.word(detail::mix(2, previous, 2));
  sink.word(detail::mix(3, previous_symbol, 2));
}

template <typename Sink>
void class_features(const Segment& segment, const SegmentContext& context, Sink& sink) {
  constexpr size_t kMostPairs = 16;
  std::array<ClassId, kMostPairs> distinct;
  size_t count = 0;
  ClassSet seen;
  uint32_t last = 1;
  uint32_t older = 1;
  detail::SeenPairs pairs;
  for (const Token& token : segment.tokens) {
    if (token.cls == kNoClass || (token.flags & kQuietWord) != 0) continue;
    if (!pairs.again(last, token.cls)) {
      sink(detail::mix(6, last, token.cls));
      sink(detail::mix(7, older, last, token.cls));
    }
    older = last;
    last = token.cls;
    if (seen.add(token.cls)) {
      sink(detail::mix(5, token.cls));
      for (size_t i = 0; i < count; ++i) sink(detail::mix(8, distinct[i], token.cls));
      if (count < kMostPairs) distinct[count++] = token.cls;
    }
  }
  sink(detail::mix(6, last, 2));
  for (size_t i = 0; i < context.before_count; ++i) {
    sink(detail::mix(9, context.before[i]));
    if (count > 0) sink(detail::mix(10, context.before[i], distinct[0]));
  }
  if (!context.document) return;
  const auto place = static_cast<uint32_t>(segment.kind) * 8 + static_cast<uint32_t>(context.kind);
  for (size_t i = 0; i < std::min<size_t>(count, 6); ++i) sink(detail::mix(11, distinct[i], place));
}

template <typename Sink>
void style_features(const Segment& segment, const SegmentContext& context, Sink& sink) {
  size_t upper = 0;
  size_t classed = 0;
  size_t styled = 0;
  for (const Token& token : segment.tokens) {
    upper += (token.flags & kUpperCase) != 0 ? 1 : 0;
    classed += token.cls != kNoClass && (token.flags & kQuietWord) == 0 ? 1 : 0;
    styled += (token.flags & (kConfused | kInvisibleIn)) != 0 ? 1 : 0;
  }
  const size_t n = segment.tokens.size();
  const uint32_t bin = detail::length_bin(n);
  sink(detail::mix(20, bin));
  sink(detail::mix(21, upper >= 3 ? 2 : upper > 0 ? 1 : 0, upper * 2 > n ? 1 : 0));
  sink(detail::mix(22, static_cast<uint32_t>(classed * 5 / n), bin));
  if (styled > 0) sink(detail::mix(23, styled >= 2 ? 2 : 1));
  if (context.decoded) {
    sink(detail::mix(24, 1));
    sink(detail::mix(24, 2, static_cast<uint32_t>(classed * 4 / n)));
  }
  if (context.first) sink(detail::mix(25, 1));
  const Token& first = segment.tokens.front();
  sink.word(detail::mix(26, detail::symbol(first)));
  if (n > 1) sink.word(detail::mix(27, detail::symbol(first), detail::symbol(segment.tokens[1])));
  for (uint32_t flag = 0; flag < 8; ++flag) {
    if ((context.relation >> flag) & 1) sink(detail::mix(30, flag));
  }
}

// Calls sink(hash), or sink.word(hash) where a word takes part, for each feature of the segment.
// The trainer drops the latter from some examples, so that classes learn to do without. Needs a
// token.
template <typename Sink>
void segment_features(const Segment& segment, const SegmentContext& context, Sink& sink) {
  word_features(segment, sink);
  class_features(segment, context, sink);
  style_features(segment, context, sink);
}

// What the sum over `count` features of a segment is multiplied by: a long segment has more of
// them, and would outweigh a short one on the strength of its length alone.
inline float segment_norm(size_t count) {
  return 3.0F / std::sqrt(1.0F + static_cast<float>(count) / 12.0F);
}

// Gathers what the text says as a whole while its segments go by.
struct TextState {
  ClassSet classes;
  std::array<ClassId, 40> order{};
  size_t order_count = 0;
  size_t segments = 0;
  size_t bytes = 0;
  bool decoded = false;

  void add(const Segment& segment) {
    ++segments;
    for (const Token& token : segment.tokens) {
      if (token.cls == kNoClass || (token.flags & kQuietWord) != 0) continue;
      if (classes.add(token.cls) && order_count < order.size()) order[order_count++] = token.cls;
    }
  }
};

// Only for short prompts: a long text, or a document, holds every class somewhere, and its length
// must not speak for or against it.
template <typename Sink>
void text_features(const TextState& state, bool document, Sink& sink) {
  constexpr size_t kLongest = 800;
  if (document || state.bytes > kLongest || state.segments < 2) return;
  for (size_t i = 0; i < state.order_count; ++i) {
    sink(detail::mix(43, state.order[i]));
    for (size_t k = 0; k < i; ++k) {
      const auto [low, high] = std::minmax(state.order[i], state.order[k]);
      sink(detail::mix(47, low, high));
    }
  }
}

}  // namespace sonde::detect::model
