#include "agent/app/judge.h"

namespace sonde::app {
namespace {

constexpr size_t kFullEvidenceCodePoints = 8192;

}  // namespace

Judge::Judge(const config::Config& config, const alert::HostFacts& host, Counters& counters)
    : evidence_(config.detect.evidence),
      host_(host),
      counters_(counters),
      deduplicator_({.window = config.detect.merge_window}, counters) {}

Result<std::unique_ptr<Judge>> Judge::create(const config::Config& config, const std::string& key,
                                             const alert::HostFacts& host, Counters& counters) {
  detect::EngineConfig options;
  options.indicator_files = config.detect.indicator_files;
  options.disabled_alerts = config.detect.disabled_alerts;
  options.fingerprint_key = key;
  Limits limits = config.limits;
  if (config.detect.evidence == config::Evidence::kFull)
    limits.evidence_code_points = kFullEvidenceCodePoints;
  auto engine = detect::Engine::create(options, limits, counters);
  if (!engine.ok()) return tl::unexpected(engine.error());
  std::unique_ptr<Judge> judge(new Judge(config, host, counters));
  judge->engine_ = std::move(*engine);
  return judge;
}

void Judge::inspect(const llm::Exchange& exchange, const AlertSink& alerts) {
  for (detect::Finding& finding : engine_->inspect(exchange).findings) {
    const auto verdict = deduplicator_.admit(finding, exchange, exchange.start_time);
    if (!verdict.raise) continue;
    if (evidence_ == config::Evidence::kNone) finding.evidence.clear();
    counters_.add(Count::kAlertsRaised);
    alerts(alert::make_alert(finding, exchange, host_, verdict.merged_before));
  }
}

}  // namespace sonde::app
