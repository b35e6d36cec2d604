#include "agent/detect/model/train/dataset.h"

#include <algorithm>
#include <fstream>
#include <thread>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "agent/detect/model/fold.h"
#include "agent/detect/model/walk.h"

namespace sonde::detect::model {
namespace {

constexpr size_t kMostSegments = 400;  // of one sample; the rest of very long texts is left out

struct CollectSink {
  std::vector<uint32_t>& out;
  uint32_t shift;
  void operator()(uint32_t hash) { out.push_back(hash >> shift); }
  void word(uint32_t hash) { out.push_back((hash >> shift) | kWordFeature); }
};

Features extract(const Sample& sample, const Lexicon& lexicon, Views& views) {
  Features features;
  SystemWords system;
  system.read(sample.system, lexicon);
  TextState state;
  WalkInput input{sample.text, sample.head == 1};
  if (input.document) input.kind = document_kind(sample.text, sample.kind);
  walk(input, lexicon, system, views, state,
       [&](const Segment& segment, const SegmentContext& context, std::string_view,
           const View* view) {
         if (features.segment_ends.size() == kMostSegments) return;
         CollectSink sink{features.segment_features, 32 - kFeatureBits};
         segment_features(segment, context, sink);
         features.segment_ends.push_back(static_cast<uint32_t>(features.segment_features.size()));
         const size_t start = view != nullptr ? view->start : segment.start;
         const size_t end = view != nullptr ? view->end : segment.end;
         features.in_payload.push_back(
             start < sample.payload_end && end > sample.payload_start ? 1 : 0);
       });
  if (std::find(features.in_payload.begin(), features.in_payload.end(), 1) ==
      features.in_payload.end()) {
    features.in_payload.clear();
  }
  CollectSink sink{features.text_features, 32 - kTextBits};
  text_features(state, input.document, sink);
  features.segment_features.shrink_to_fit();
  return features;
}

uint32_t byte_offset(std::string_view text, size_t code_points) {
  size_t at = 0;
  while (code_points > 0 && at < text.size()) {
    at += decode_utf8(text, at).length;
    --code_points;
  }
  return static_cast<uint32_t>(at);
}

void extract_all(Dataset& dataset, const Lexicon& lexicon) {
  dataset.features.resize(dataset.samples.size());
  const auto work = [&](size_t first, size_t step) {
    Views views;
    for (size_t i = first; i < dataset.samples.size(); i += step) {
      dataset.features[i] = extract(dataset.samples[i], lexicon, views);
    }
  };
  std::thread second(work, 1, 2);
  work(0, 2);
  second.join();
}

}  // namespace

Result<Dataset> read_dataset(const std::string& path, const Lexicon& lexicon) {
  std::ifstream in(path);
  if (!in) return fail("cannot open '" + path + "'");
  Dataset dataset;
  std::unordered_map<std::string, uint16_t> group_ids;
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded()) return fail(path + ":" + std::to_string(number) + ": not JSON");
    Sample sample;
    sample.text = json.value("t", "");
    sample.system = json.value("s", "");
    sample.kind = json.value("k", "");
    sample.label = json.value("y", 0) != 0 ? 1 : 0;
    sample.head = json.value("h", "p") == "d" ? 1 : 0;
    sample.weight = json.value("w", 1.0F);
    sample.fold = static_cast<int8_t>(json.value("f", -1));
    sample.fold2 = static_cast<int8_t>(json.value("f2", -1));
    if (const auto span = json.find("a"); span != json.end()) {
      sample.payload_start = byte_offset(sample.text, (*span)[0]);
      sample.payload_end = byte_offset(sample.text, (*span)[1]);
    }
    const std::string subtype = json.value("c", "");
    const auto found = std::find(kSubtypes.begin(), kSubtypes.end(), subtype);
    if (found != kSubtypes.end()) sample.subtype = static_cast<int8_t>(found - kSubtypes.begin());
    const std::string group = json.value("g", "none");
    const auto [entry, fresh] =
        group_ids.try_emplace(group, static_cast<uint16_t>(dataset.groups.size()));
    if (fresh) dataset.groups.push_back(group);
    sample.group = entry->second;
    dataset.samples.push_back(std::move(sample));
  }
  extract_all(dataset, lexicon);
  return dataset;
}

}  // namespace sonde::detect::model
