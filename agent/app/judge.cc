#include "agent/app/judge.h"

namespace sonde::app {
namespace {

constexpr size_t kFullEvidenceCodePoints = 8192;

}  // namespace

detect::EngineConfig engine_config(const config::Detect& config, const std::string& key) {
  detect::EngineConfig options;
  options.indicator_files = config.indicator_files;
  options.tor_exit_files = config.tor_exit_files;
  options.suspicious_ip_files = config.suspicious_ip_files;
  options.rule_files = config.rule_files;
  options.disabled_alerts = config.disabled_alerts;
  options.fingerprint_key = key;
  return options;
}

Judge::Judge(const config::Config& config, const alert::HostFacts& host, Counters& counters)
    : evidence_(config.detect.evidence),
      host_(host),
      counters_(counters),
      deduplicator_({.window = config.detect.merge_window}, counters) {}

Result<std::unique_ptr<Judge>> Judge::create(const config::Config& config, const std::string& key,
                                             const alert::HostFacts& host, Counters& counters) {
  const detect::EngineConfig options = engine_config(config.detect, key);
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
