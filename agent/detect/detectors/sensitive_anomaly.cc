#include "agent/detect/detectors/sensitive_anomaly.h"

#include <fmt/format.h>

#include "agent/detect/application.h"
#include "agent/detect/baselines.h"

namespace sonde::detect {

namespace {

constexpr uint64_t kWarmUpAnswers = 200;
constexpr std::chrono::hours kWarmUp{24};
constexpr double kTimesMean = 4;
constexpr double kDeviations = 6;
constexpr double kLeastValues = 20;  // in an hour

Hit hit_of(const std::string& type, const SensitiveCount& count, std::string_view subtype) {
  Hit hit{.alert = "sensitive_data.anomaly",
          .detector = "sensitive_data",
          .score = 0.7,
          .subtype = std::string(subtype),
          .text = count.text,
          .start = count.start,
          .end = count.end};
  hit.data["type"] = type;
  return hit;
}

}  // namespace

void judge_sensitive_answers(const Subject& subject, const SensitiveCounts& counts,
                             std::vector<Hit>& hits) {
  const llm::Exchange& exchange = subject.exchange;
  const std::string application = application_key(exchange);
  if (application.empty() || exchange.output.empty()) return;
  ApplicationBaseline& baseline = subject.baselines.applications[application];
  if (baseline.answers++ == 0) baseline.answers_since = exchange.start_time;
  const bool settled =
      baseline.answers > kWarmUpAnswers && exchange.start_time - baseline.answers_since > kWarmUp;
  for (const auto& [type, count] : counts) {
    const auto known = baseline.sensitive.find(type);
    if (known == baseline.sensitive.end()) {
      if (baseline.sensitive.size() >= ApplicationBaseline::kTypes) continue;
      SensitiveHabit& habit = baseline.sensitive[type];
      habit.answers = 1;
      habit.rate.add(exchange.start_time, static_cast<double>(count.values));
      if (!settled) continue;
      hits.push_back(hit_of(type, count, "new_type"));
      hits.back().data["answers_before"] = std::to_string(baseline.answers - 1);
      continue;
    }
    SensitiveHabit& habit = known->second;
    ++habit.answers;
    habit.rate.add(exchange.start_time, static_cast<double>(count.values));
    const HourlyRate* usual = habit.rate.usual();
    if (usual == nullptr || habit.rate.current() < kLeastValues) continue;
    if (habit.rate.current() <= usual->limit(kTimesMean, kDeviations) || !habit.rate.tell())
      continue;
    hits.push_back(hit_of(type, count, "volume"));
    hits.back().data["values"] = fmt::format("{:.0f}", habit.rate.current());
    hits.back().data["usual"] = fmt::format("{:.1f}", usual->mean);
  }
}

}  // namespace sonde::detect
