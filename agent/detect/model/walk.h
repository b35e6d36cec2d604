// The one way through a text, for the scorer and the trainer alike: its segments, then the segments
// of what its encodings hide, each with its context.
#pragma once

#include <bitset>
#include <string_view>

#include "agent/detect/model/decoders.h"
#include "agent/detect/model/features.h"
#include "agent/detect/model/prompt_model.h"

namespace sonde::detect::model {

// The words of a system prompt, and those of its sentences that forbid or hide something.
// A Bloom-like set: small, fixed size, rarely wrong.
class SystemWords {
 public:
  void read(std::string_view system_prompt, const Lexicon& lexicon);
  // RelationFlag bits of a segment; 0 where there is no system prompt.
  uint8_t relate(const Segment& segment, const Lexicon& lexicon) const;

 private:
  static constexpr size_t kBits = 4096;
  bool empty_ = true;
  ClassSet asking_;  // classes that ask for something: show, reveal, what, repeat, hint, encode
  std::bitset<kBits> words_;
  std::bitset<kBits> guarded_;
};

enum RelationFlag : uint8_t {
  kSystemKnown = 1,
  kSharesGuarded = 2,
  kSharesTwoGuarded = 4,
  kSharesThreeWords = 8,
  kAsksForGuarded = 16,
};

DocumentKind document_kind(std::string_view text, std::string_view hint);

// Remembers what the next segment's context needs from this one.
void remember(const Segment& segment, SegmentContext& context);

// The stretch of the segment whose words the lexicon does not know, worth a try at decoding; empty
// where there is none.
struct Stretch {
  size_t start = 0;
  size_t end = 0;
};
Stretch unknown_stretch(const Segment& segment);

struct WalkInput {
  std::string_view text;
  bool document = false;
  DocumentKind kind = DocumentKind::kUnknown;
};

inline constexpr size_t kDecodeTries = 8;

// Calls on_segment(segment, context, source, view) for each segment; `source` is the text that the
// segment's offsets count in, `view` the decoded view or nullptr. Fills `state`.
template <typename OnSegment>
void walk(const WalkInput& input, const Lexicon& lexicon, const SystemWords& system, Views& views,
          TextState& state, OnSegment&& on_segment) {
  views.clear();
  find_encoded(input.text, lexicon, views);
  state.bytes = input.text.size();
  size_t tries = 0;
  Segment segment;
  Tokenizer tokenizer(lexicon);
  const auto walk_one = [&](std::string_view source, const View* view) {
    SegmentContext context;
    context.document = input.document;
    context.kind = input.kind;
    context.decoded = view != nullptr;
    context.first = true;
    tokenizer.begin(source);
    while (tokenizer.next(segment)) {
      context.relation = system.relate(segment, lexicon);
      state.add(segment);
      on_segment(segment, context, source, view);
      remember(segment, context);
      if (view != nullptr || tries == kDecodeTries) continue;
      const Stretch stretch = unknown_stretch(segment);
      if (stretch.end == stretch.start) continue;
      ++tries;
      decode_run(source, stretch.start, stretch.end, lexicon, views);
    }
  };
  walk_one(input.text, nullptr);
  state.decoded = views.size() > 0;
  for (size_t i = 0; i < views.size(); ++i) walk_one(views[i].text, &views[i]);
}

}  // namespace sonde::detect::model
