#include "agent/detect/model/train/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace sonde::detect::model {
namespace {

struct Interval {
  double low = 0;
  double high = 0;
};

// Wilson's score interval at 95 %.
Interval wilson(size_t hits, size_t n) {
  if (n == 0) return {};
  constexpr double kZ = 1.96;
  const double total = static_cast<double>(n);
  const double p = static_cast<double>(hits) / total;
  const double denominator = 1 + kZ * kZ / total;
  const double centre = p + kZ * kZ / (2 * total);
  const double spread = kZ * std::sqrt(p * (1 - p) / total + kZ * kZ / (4 * total * total));
  return {(centre - spread) / denominator, (centre + spread) / denominator};
}

bool is_hard(const std::string& group) { return group.starts_with("hard"); }

std::map<std::string, std::vector<float>> by_group(const Dataset& data,
                                                   const std::vector<Judged>& judged, size_t head,
                                                   int label) {
  std::map<std::string, std::vector<float>> groups;
  for (const Judged& entry : judged) {
    const Sample& sample = data.samples[entry.sample];
    if (sample.head == head && sample.label == label)
      groups[data.groups[sample.group]].push_back(entry.score);
  }
  return groups;
}

double share_at(const std::vector<float>& scores, float threshold) {
  const auto hits =
      std::count_if(scores.begin(), scores.end(), [&](float s) { return s >= threshold; });
  return scores.empty() ? 0 : static_cast<double>(hits) / static_cast<double>(scores.size());
}

}  // namespace

float threshold_at(const Dataset& data, const std::vector<Judged>& judged, size_t head, double rate,
                   bool hard) {
  std::vector<std::pair<float, double>> weighted;
  double total = 0;
  for (const auto& [group, scores] : by_group(data, judged, head, 0)) {
    if (is_hard(group) != hard || group.starts_with("gen_") || group.starts_with("other_"))
      continue;
    // Small groups say little about a tail: weight grows with the root of the size.
    const double weight =
        std::sqrt(static_cast<double>(scores.size())) / static_cast<double>(scores.size());
    for (const float s : scores) weighted.emplace_back(s, weight);
    total += weight * static_cast<double>(scores.size());
  }
  std::sort(weighted.rbegin(), weighted.rend());
  double passed = 0;
  for (const auto& [value, weight] : weighted) {
    passed += weight;
    if (passed > rate * total) return value + 1e-4F;
  }
  return 0;
}

void print_report(const Dataset& data, const std::vector<Judged>& judged, size_t head,
                  float shipped) {
  const float strict = threshold_at(data, judged, head, 0.001, false);
  const float loose = threshold_at(data, judged, head, 0.01, false);
  std::printf("\n## %s\n\nthresholds (logit): 0.1 %% FP %.2f, 1 %% FP %.2f, shipped %.2f\n\n",
              head == 0 ? "prompt" : "document", static_cast<double>(strict),
              static_cast<double>(loose), static_cast<double>(shipped));
  std::printf(
      "| attack group | n | recall at 0.1 %% | at 1 %% | shipped |\n|---|---|---|---|---|\n");
  double sums[3] = {};
  size_t groups = 0;
  for (const auto& [group, scores] : by_group(data, judged, head, 1)) {
    const double row[3] = {share_at(scores, strict), share_at(scores, loose),
                           share_at(scores, shipped)};
    std::printf("| %s | %zu | %.3f | %.3f | %.3f |\n", group.c_str(), scores.size(), row[0], row[1],
                row[2]);
    for (int i = 0; i < 3; ++i) sums[i] += row[i];
    ++groups;
  }
  if (groups > 0) {
    const auto n = static_cast<double>(groups);
    std::printf("| **mean of groups** | | %.3f | %.3f | %.3f |\n", sums[0] / n, sums[1] / n,
                sums[2] / n);
  }
  std::printf("\n| benign group | n | FP shipped | 95 %% interval |\n|---|---|---|---|\n");
  for (const auto& [group, scores] : by_group(data, judged, head, 0)) {
    const double share = share_at(scores, shipped);
    const Interval interval =
        wilson(static_cast<size_t>(std::lround(share * static_cast<double>(scores.size()))),
               scores.size());
    std::printf("| %s | %zu | %.4f | %.4f-%.4f |\n", group.c_str(), scores.size(), share,
                interval.low, interval.high);
  }
}

void print_errors(const Dataset& data, const std::vector<Judged>& judged, size_t head,
                  float threshold, size_t most, const std::string& only) {
  std::map<std::string, size_t> printed;
  std::vector<Judged> sorted = judged;
  std::sort(sorted.begin(), sorted.end(),
            [](const Judged& a, const Judged& b) { return a.score > b.score; });
  const auto print = [&](const Judged& entry) {
    const Sample& sample = data.samples[entry.sample];
    const std::string& group = data.groups[sample.group];
    if (sample.head != head || (!only.empty() && group.find(only) == std::string::npos)) return;
    if ((entry.score >= threshold) == (sample.label == 1) || printed[group]++ >= most) return;
    const size_t from = sample.payload_start > 60 ? sample.payload_start - 60 : 0;
    std::string text = sample.text.substr(from, 260);
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::printf("%s [%s] %.2f: %s\n", sample.label == 1 ? "MISS" : "FALSE", group.c_str(),
                static_cast<double>(entry.score), text.c_str());
  };
  for (const Judged& entry : sorted) {
    if (data.samples[entry.sample].label == 0) print(entry);
  }
  printed.clear();
  std::reverse(sorted.begin(), sorted.end());
  // The misses in the middle are more telling than the hopeless ones.
  std::rotate(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 50),
              sorted.end());
  for (const Judged& entry : sorted) {
    if (data.samples[entry.sample].label == 1) print(entry);
  }
}

}  // namespace sonde::detect::model
