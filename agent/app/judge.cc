#include "agent/app/judge.h"

#include <algorithm>

#include "agent/app/remote/feeds.h"

namespace sonde::app {
namespace {

constexpr size_t kFullEvidenceCodePoints = 8192;

// What makes a finding the same in an answer that was still coming and in the whole one. The place
// does not: of several parts it is known only at the end.
std::string mark_of(const detect::Finding& finding) {
  std::string mark;
  const auto add = [&mark](std::string_view field) {
    mark += std::to_string(field.size()) + ":";
    mark += field;
  };
  for (const std::string* field : {&finding.alert, &finding.detector, &finding.subtype})
    add(*field);
  for (const auto& [name, value] : finding.data) {
    if (name != "part_index" && name != "tool") add(value);
  }
  return mark;
}

}  // namespace

detect::EngineConfig engine_config(const config::Config& all, const std::string& key) {
  const config::Detect& config = all.detect;
  detect::EngineConfig options;
  options.evidence_code_points = all.limits.evidence_code_points;
  options.indicator_files = config.indicator_files;
  for (std::string& list : Feeds::lists(taxii_configs(all))) {
    options.indicator_files.push_back(std::move(list));
  }
  options.tor_exit_files = config.tor_exit_files;
  options.suspicious_ip_files = config.suspicious_ip_files;
  options.rule_files = config.rule_files;
  options.brand_domains = config.brand_domains;
  options.canary_tokens = config.canary_tokens;
  options.disabled_alerts = config.disabled_alerts;
  options.policy = {config.allowed_providers, config.allowed_models};
  options.fingerprint_key = key;
  switch (config.evidence) {
    case config::Evidence::kFull:
      options.conversation = detect::ConversationLevel::kTexts;
      options.evidence_code_points = kFullEvidenceCodePoints;
      break;
    case config::Evidence::kSegment:
      options.conversation = detect::ConversationLevel::kOutline;
      break;
    case config::Evidence::kNone:
      break;
  }
  return options;
}

std::vector<TaxiiConfig> taxii_configs(const config::Config& config) {
  std::vector<TaxiiConfig> collections;
  for (const std::string& collection : config.taxii.collections) {
    TaxiiConfig options;
    options.collection = collection;
    options.user = config.taxii.user;
    options.secret_file = config.taxii.secret_file;
    options.ca = config.taxii.ca;
    options.folder = config.state_directory;
    collections.push_back(std::move(options));
  }
  return collections;
}

Judge::Judge(const config::Config& config, const alert::HostFacts& host, Counters& counters)
    : evidence_(config.detect.evidence),
      host_(host),
      counters_(counters),
      deduplicator_({.window = config.detect.merge_window}, counters) {}

Result<std::unique_ptr<Judge>> Judge::create(const config::Config& config, const std::string& key,
                                             const alert::HostFacts& host, Counters& counters) {
  auto engine = detect::Engine::create(engine_config(config, key), config.limits, counters);
  if (!engine.ok()) return tl::unexpected(engine.error());
  std::unique_ptr<Judge> judge(new Judge(config, host, counters));
  judge->engine_ = std::move(*engine);
  auto suppressions = alert::Suppressions::load(config.detect.suppression_files, key);
  if (!suppressions.ok()) return tl::unexpected(suppressions.error());
  judge->suppressions_ = std::move(*suppressions);
  return judge;
}

void Judge::raise(detect::Finding& finding, const llm::Exchange& exchange, WallTime now,
                  const AlertSink& alerts) {
  if (const auto* rule = suppressions_.match(finding, exchange, now)) {
    suppressed_.add(rule->name);
    counters_.add(Count::kFindingsSuppressed);
    return;
  }
  const auto verdict = deduplicator_.admit(finding, exchange, now);
  if (!verdict.raise) return;
  if (evidence_ == config::Evidence::kNone) {
    finding.evidence.clear();
    finding.highlight = {};
  }
  counters_.add(Count::kAlertsRaised);
  alerts(alert::make_alert(finding, exchange, host_, verdict.merged_before));
}

void Judge::inspect(const llm::Exchange& exchange, const AlertSink& alerts) {
  detect::Inspection inspection = engine_->inspect(exchange);
  std::vector<std::string>* const told = told_.find(exchange.id);
  const auto was_told = [told](const detect::Finding& finding) {
    if (told == nullptr || finding.zone != llm::Zone::kAssistant) return false;
    const auto mark = std::find(told->begin(), told->end(), mark_of(finding));
    if (mark == told->end()) return false;
    told->erase(mark);
    return true;
  };
  for (detect::Finding& finding : inspection.findings) {
    if (!was_told(finding)) raise(finding, exchange, exchange.start_time, alerts);
  }
  told_.erase(exchange.id);
  for (detect::ReviewCandidate& candidate : inspection.to_review) {
    review_(std::move(candidate), exchange);
  }
  const auto is_child = [&](const Started& started) {
    const auto& parents = started.process.parents;
    return std::any_of(parents.begin(), parents.end(), [&](const llm::ProcessRef& parent) {
      return parent.pid == exchange.process.pid;
    });
  };
  std::erase_if(started_, [&](const Started& started) {
    return is_child(started) && inspect_started(started.process, started.time, alerts);
  });
}

void Judge::set_review(const detect::ReviewBand& band, Review review) {
  review_ = std::move(review);
  engine_->set_review(band);
}

void Judge::inspect_answer(const llm::Exchange& begun, const Pipeline::Growth& growth,
                           const AlertSink& alerts) {
  for (detect::Finding& finding : engine_->inspect_answer(begun, growth.pauses)) {
    std::vector<std::string>& told = told_[begun.id];
    std::string mark = mark_of(finding);
    if (std::find(told.begin(), told.end(), mark) != told.end()) continue;
    told.push_back(std::move(mark));
    finding.start += growth.code_points_before;
    finding.end += growth.code_points_before;
    finding.message_index = static_cast<int>(growth.input_messages);
    raise(finding, begun, begun.start_time, alerts);
  }
}

bool Judge::inspect_started(const llm::Process& process, WallTime now, const AlertSink& alerts) {
  auto inspection = engine_->inspect_process(process);
  inspection.exchange.start_time = now;
  for (detect::Finding& finding : inspection.findings) {
    raise(finding, inspection.exchange, now, alerts);
  }
  return !inspection.findings.empty();
}

void Judge::inspect_process(const llm::Process& process, WallTime now, const AlertSink& alerts) {
  // Longer than an answer takes after its tool call was read: the application had to read it too.
  constexpr std::chrono::seconds kWait{5};
  while (!started_.empty() && started_.front().time + kWait < now) started_.pop_front();
  if (inspect_started(process, now, alerts)) return;
  if (started_.size() >= kStarted) started_.pop_front();
  started_.push_back({process, now});
}

Result<Judge::Update> Judge::prepare(const config::Config& config, const std::string& key) {
  Update update{config.detect.evidence, config.detect.merge_window, {}, {}};
  auto suppressions = alert::Suppressions::load(config.detect.suppression_files, key);
  if (!suppressions.ok()) return tl::unexpected(suppressions.error());
  update.suppressions = std::move(*suppressions);
  auto ruleset = detect::Ruleset::load(engine_config(config, key));
  if (!ruleset.ok()) return tl::unexpected(ruleset.error());
  update.ruleset = std::move(*ruleset);
  return update;
}

void Judge::exchange(Update& update) {
  std::swap(evidence_, update.evidence);
  std::swap(suppressions_, update.suppressions);
  deduplicator_.set_window(update.merge_window);
  update.ruleset = engine_->exchange_ruleset(std::move(update.ruleset));
}

}  // namespace sonde::app
