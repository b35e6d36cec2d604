// prompt_train DATA.jsonl [--weights OUT.bin] [--folds N] [--errors N [--only GROUP]]
//
// Cross-validates over the folds that the data names (whole families and sources), prints what each
// held-out group scored, sets the thresholds from the held-out benign, then fits on everything and
// writes the weights.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "agent/detect/model/embedded.h"
#include "agent/detect/model/train/compact.h"
#include "agent/detect/model/train/dataset.h"
#include "agent/detect/model/train/fit.h"
#include "agent/detect/model/train/report.h"

namespace sonde::detect::model {
namespace {

struct Options {
  std::string data;
  std::string weights;
  size_t errors = 0;
  std::string only;
  FitOptions fit;
  double ordinary_rate = 0.005;
  double hard_rate = 0.025;
};

std::vector<uint32_t> choose(const Dataset& data, size_t head, int without_fold) {
  std::vector<uint32_t> chosen;
  for (size_t i = 0; i < data.samples.size(); ++i) {
    const Sample& sample = data.samples[i];
    const bool held_out =
        without_fold >= 0 && (sample.fold == without_fold || sample.fold2 == without_fold);
    if (sample.head == head && !held_out) chosen.push_back(static_cast<uint32_t>(i));
  }
  return chosen;
}

void cross_validate(Dataset& data, size_t head, const FitOptions& options,
                    std::vector<Judged>& judged) {
  int folds = 0;
  for (const Sample& sample : data.samples) folds = std::max(folds, sample.fold + 1);
  for (int fold = 0; fold < folds; ++fold) {
    const auto chosen = choose(data, head, fold);
    const Head model = compact(fit(data, chosen, options), data, chosen);
    for (size_t i = 0; i < data.samples.size(); ++i) {
      const Sample& sample = data.samples[i];
      // Judged only where neither the words nor the carrier were seen.
      if (sample.head != head || sample.fold != fold || (sample.fold2 >= 0 && sample.fold2 != fold))
        continue;
      judged.push_back({static_cast<uint32_t>(i), score(model, data.features[i])});
    }
  }
}

// Long benign texts score higher than short ones (more segments to be the worst of), and so do long
// attacks: each length bin has its own threshold, where it has enough held-out benign to tell.
void set_offsets(const Dataset& data, const std::vector<Judged>& judged, size_t head,
                 const Options& options, Head& out) {
  const auto threshold = [&](const std::vector<Judged>& part) {
    return std::max(threshold_at(data, part, head, options.ordinary_rate, false),
                    threshold_at(data, part, head, options.hard_rate, true));
  };
  const float overall = threshold(judged);
  for (size_t bin = 0; bin < kLengthBins.size(); ++bin) {
    std::vector<Judged> part;
    size_t benign = 0;
    for (const Judged& entry : judged) {
      const Sample& sample = data.samples[entry.sample];
      if (sample.head != head || length_bin_of(sample.text.size()) != bin) continue;
      part.push_back(entry);
      benign += sample.label == 0 ? 1 : 0;
    }
    constexpr size_t kEnough = 400;
    constexpr float kLeast = -1.5F;
    // Half-way to the threshold of all lengths: few sources share a length, and one of them must
    // not decide for every text of its size.
    const float own = benign < kEnough ? overall : threshold(part);
    out.offset[bin] = std::max(kLeast, (own + overall) / 2);
  }
}

int run(const Options& options) {
  const Lexicon lexicon(embedded_lexicon());
  auto data = read_dataset(options.data, lexicon);
  if (!data.ok()) {
    std::fprintf(stderr, "prompt_train: %s\n", data.error().message.c_str());
    return 1;
  }
  Weights weights;
  std::array<std::vector<Judged>, 2> judged;
  const auto train_head = [&](size_t head) {
    cross_validate(*data, head, options.fit, judged[head]);
    const auto chosen = choose(*data, head, -1);
    weights.heads[head] = compact(fit(*data, chosen, options.fit), *data, chosen);
  };
  std::thread second(train_head, 1);
  train_head(0);
  second.join();
  for (size_t head = 0; head < 2; ++head) {
    set_offsets(*data, judged[head], head, options, weights.heads[head]);
    const float threshold = 0;  // scores are counted from their length's threshold
    for (Judged& entry : judged[head]) {
      const size_t bytes = data->samples[entry.sample].text.size();
      entry.score -= weights.heads[head].offset[length_bin_of(bytes)];
    }
    print_report(*data, judged[head], head, threshold);
    if (options.errors > 0)
      print_errors(*data, judged[head], head, threshold, options.errors, options.only);
  }
  if (options.weights.empty()) return 0;
  weights.subtype = fit_subtypes(*data, weights.heads[0], weights.heads[1]);
  std::ofstream(options.weights, std::ios::binary) << serialize(weights);
  return 0;
}

}  // namespace
}  // namespace sonde::detect::model

int main(int argc, char** argv) {
  sonde::detect::model::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (arg == "--weights")
      options.weights = value;
    else if (arg == "--errors")
      options.errors = static_cast<size_t>(std::atoi(value));
    else if (arg == "--only")
      options.only = value;
    else if (arg == "--rate")
      options.fit.rate = static_cast<float>(std::atof(value));
    else if (arg == "--l2")
      options.fit.l2 = static_cast<float>(std::atof(value));
    else if (arg == "--dropout")
      options.fit.word_dropout = static_cast<float>(std::atof(value));
    else if (arg == "--least-seen")
      options.fit.least_seen.fill(static_cast<uint32_t>(std::atoi(value)));
    else if (arg == "--ordinary-rate")
      options.ordinary_rate = std::atof(value);
    else if (arg == "--hard-rate")
      options.hard_rate = std::atof(value);
    else if (arg == "--epochs")
      options.fit.epochs = std::atoi(value);
    else {
      options.data = arg;
      continue;
    }
    ++i;
  }
  if (options.data.empty()) {
    std::fprintf(stderr,
                 "usage: prompt_train DATA.jsonl [--weights OUT] [--errors N] [--only GROUP]\n");
    return 2;
  }
  return sonde::detect::model::run(options);
}
