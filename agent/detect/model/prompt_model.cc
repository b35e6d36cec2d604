#include "agent/detect/model/prompt_model.h"

#include <cassert>
#include <cmath>
#include <limits>

#include "agent/detect/model/embedded.h"
#include "agent/detect/model/walk.h"
#include "agent/detect/model/weights.h"

namespace sonde::detect {

using model::Head;
using model::Segment;
using model::SegmentContext;
using model::View;

// The scratch: everything of a call that is not small.
struct Scratch::Buffers {
  model::Views views;
  model::SystemWords system;
};

Scratch::Scratch() : buffers_(std::make_unique<Buffers>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

struct PromptModel::Parts {
  model::Lexicon lexicon;
  model::Weights weights;
};

namespace {

constexpr size_t kPrompt = 0;
constexpr size_t kDocument = 1;
constexpr double kThreshold = 0.5;  // the calibration puts the operating point here

// Adds up int8 weights; the order of additions cannot matter.
struct SumSink {
  const int8_t* table;
  uint32_t shift;
  int32_t sum = 0;
  void operator()(uint32_t hash) { sum += table[hash >> shift]; }
  void word(uint32_t hash) { (*this)(hash); }
};

struct SegmentSink {
  const Head& head;
  int32_t sum = 0;
  size_t count = 0;
  void operator()(uint32_t hash) {
    sum += head.segment_weight(hash);
    ++count;
  }
  void word(uint32_t hash) { (*this)(hash); }
  float normed() const { return static_cast<float>(sum) * model::segment_norm(count); }
};

struct Best {
  float sum = -std::numeric_limits<float>::infinity();
  const View* view = nullptr;
  size_t start = 0;
  size_t end = 0;
  SegmentContext context;
};

std::string_view subtype_of(const Best& best, std::string_view source,
                            const model::Lexicon& lexicon, const model::Weights& weights) {
  model::Tokenizer tokenizer(lexicon);
  tokenizer.begin(source.substr(best.start, best.end - best.start));
  Segment segment;
  if (!tokenizer.next(segment)) return model::kSubtypes[0];
  size_t winner = 0;
  int32_t winning = INT32_MIN;
  for (size_t i = 0; i < model::kSubtypes.size(); ++i) {
    SumSink sink{weights.subtype[i].data(), 32 - model::kSubtypeBits};
    model::segment_features(segment, best.context, sink);
    if (sink.sum > winning) {
      winning = sink.sum;
      winner = i;
    }
  }
  return model::kSubtypes[winner];
}

}  // namespace

PromptModel::PromptModel(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PromptModel::~PromptModel() = default;

const PromptModel& PromptModel::embedded() {
  static const PromptModel instance = [] {
    auto weights = model::parse_weights(model::embedded_weights());
    assert(weights.ok());  // compiled in: a mismatch is a build error of ours
    return PromptModel(std::make_unique<Parts>(
        Parts{model::Lexicon(model::embedded_lexicon()), std::move(*weights)}));
  }();
  return instance;
}

AttackScore PromptModel::score(std::string_view text, const ModelContext& context,
                               size_t head_index, Scratch& scratch) const {
  const Head& head = parts_->weights.heads[head_index];
  const model::Lexicon& lexicon = parts_->lexicon;
  Scratch::Buffers& buffers = scratch.buffers();
  buffers.system.read(context.system_prompt, lexicon);
  model::WalkInput input{text, head_index == kDocument};
  if (input.document) input.kind = model::document_kind(text, context.document_kind);
  Best best;
  model::TextState state;
  model::walk(
      input, lexicon, buffers.system, buffers.views, state,
      [&](const Segment& segment, const SegmentContext& place, std::string_view, const View* view) {
        SegmentSink sink{head};
        model::segment_features(segment, place, sink);
        if (sink.normed() > best.sum)
          best = {sink.normed(), view, segment.start, segment.end, place};
      });
  AttackScore result;
  if (std::isinf(best.sum)) return result;
  SumSink whole{head.text.data(), 32 - model::kTextBits};
  model::text_features(state, input.document, whole);
  const double logit = static_cast<double>(head.bias) +
                       static_cast<double>(head.segment_scale) * static_cast<double>(best.sum) +
                       static_cast<double>(head.text_scale) * whole.sum;
  const double offset = static_cast<double>(head.offset[model::length_bin_of(text.size())]);
  result.score = 1.0 / (1.0 + std::exp(-static_cast<double>(head.slope) * (logit - offset)));
  result.decoded = best.view != nullptr;
  result.start = best.view != nullptr ? best.view->start : best.start;
  result.end = best.view != nullptr ? best.view->end : best.end;
  if (result.decoded)
    result.subtype = "encoding";
  else if (result.score >= kThreshold / 2)
    result.subtype = subtype_of(best, text, lexicon, parts_->weights);
  return result;
}

AttackScore PromptModel::score_prompt(std::string_view text, const ModelContext& context,
                                      Scratch& scratch) const {
  return score(text, context, kPrompt, scratch);
}

AttackScore PromptModel::score_document(std::string_view text, const ModelContext& context,
                                        Scratch& scratch) const {
  return score(text, context, kDocument, scratch);
}

double PromptModel::prompt_threshold() const { return kThreshold; }
double PromptModel::document_threshold() const { return kThreshold; }

}  // namespace sonde::detect
