#include "agent/app/judge_metrics.h"

namespace sonde::app {
namespace {

struct Family {
  JudgeCount count;
  const char* name;
  const char* help;
  const char* reason = nullptr;
};
constexpr const char* kDropped = "Texts that a remote judge was not asked about, by reason";
constexpr auto kFamilies = std::to_array<Family>({
    {JudgeCount::kRequests, "sonde_judge_requests", "Questions sent to a remote judge"},
    {JudgeCount::kAttacks, "sonde_judge_attacks", "Texts that a remote judge called an attack"},
    {JudgeCount::kRemembered, "sonde_judge_remembered", "Texts whose verdict was known already"},
    {JudgeCount::kTextsCut, "sonde_judge_texts_cut", "Texts cut to what a remote judge takes"},
    {JudgeCount::kFailed, "sonde_judge_failed", "Requests that brought no verdict"},
    {JudgeCount::kQueueFull, "sonde_judge_dropped", kDropped, "queue_full"},
    {JudgeCount::kExpired, "sonde_judge_dropped", kDropped, "expired"},
    {JudgeCount::kRefused, "sonde_judge_dropped", kDropped, "refused"},
    {JudgeCount::kOverBudget, "sonde_judge_dropped", kDropped, "over_budget"},
});
static_assert(kFamilies.size() == kJudgeCounts);

}  // namespace

std::vector<Metric> judge_metrics(std::span<const RemoteJudges::State> judges) {
  std::vector<Metric> metrics;
  const auto add_gauges = [&](const char* name, const char* help, auto value_of) {
    for (const RemoteJudges::State& judge : judges) {
      metrics.push_back(
          {Metric::Type::kGauge, name, help, value_of(judge), {{"judge", judge.name}}});
    }
  };
  add_gauges("sonde_judge_waiting", "Texts that wait for a remote judge",
             [](const auto& judge) { return static_cast<double>(judge.waiting); });
  add_gauges("sonde_judge_up", "Whether a remote judge gives verdicts",
             [](const auto& judge) { return judge.trouble.empty() ? 1.0 : 0.0; });
  for (const Family& family : kFamilies) {
    for (const RemoteJudges::State& judge : judges) {
      const auto value = static_cast<double>(judge.counts[static_cast<size_t>(family.count)]);
      metrics.push_back(
          {Metric::Type::kCounter, family.name, family.help, value, {{"judge", judge.name}}});
      if (family.reason != nullptr) metrics.back().labels.emplace_back("reason", family.reason);
    }
  }
  return metrics;
}

}  // namespace sonde::app
