#include "agent/detect/engine.h"

#include "agent/detect/baselines.h"
#include "agent/detect/catalogue.h"
#include "agent/detect/conversation_view.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/detectors/tainted_call.h"
#include "agent/detect/judge.h"
#include "agent/detect/redact.h"
#include "agent/detect/ruleset.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

struct Engine::Impl {
  Impl(SecretFinder secret_finder, PatternFinder pattern_finder, LiteralSet literal_set,
       const EngineConfig& config, const Limits& limit_values, Counters& counter_set)
      : finder(std::move(secret_finder)),
        patterns(std::move(pattern_finder)),
        literals(std::move(literal_set)),
        redactor(config.fingerprint_key, limit_values, finder, literals),
        limits(limit_values),
        counters(counter_set) {}

  Finding make_finding(const Hit& hit, const Subject& subject) const;
  Finding finding_of_rule(const CustomMatch& match, const Subject& subject) const;
  void place(const Hit& hit, const Subject& subject, Finding& finding) const;

  SecretFinder finder;
  PatternFinder patterns;
  LiteralSet literals;
  Redactor redactor;
  Judge judge;
  std::unique_ptr<Ruleset> ruleset;
  Baselines baselines;
  Limits limits;
  Counters& counters;
  std::vector<std::unique_ptr<Detector>> detectors;
  TaintedCallDetector* provenance = nullptr;  // one of them
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const EngineConfig& config, const Limits& limits,
                                               Counters& counters) {
  constexpr size_t kLeastKey = 16;
  if (config.fingerprint_key.size() < kLeastKey) {
    return fail("the fingerprint key is shorter than 16 bytes");
  }
  auto ruleset = Ruleset::load(config);
  if (!ruleset.ok()) return tl::unexpected(ruleset.error());
  LiteralSetBuilder builder;
  Result<SecretFinder> finder = SecretFinder::create(builder);
  if (!finder.ok()) return tl::unexpected(finder.error());
  Result<PatternFinder> patterns = PatternFinder::create(builder);
  if (!patterns.ok()) return tl::unexpected(patterns.error());
  Result<LiteralSet> literals = LiteralSet::create(builder);
  if (!literals.ok()) return tl::unexpected(literals.error());
  auto impl = std::make_unique<Impl>(std::move(*finder), std::move(*patterns), std::move(*literals),
                                     config, limits, counters);
  impl->ruleset = std::move(*ruleset);
  impl->detectors.push_back(make_prompt_attack_detector());
  impl->detectors.push_back(make_provider_verdict_detector());
  impl->detectors.push_back(make_smuggling_detector());
  impl->detectors.push_back(make_credential_detector());
  auto provenance = std::make_unique<TaintedCallDetector>();
  impl->provenance = provenance.get();
  impl->detectors.push_back(std::move(provenance));
  impl->detectors.push_back(make_sensitive_data_detector());
  impl->detectors.push_back(make_dangerous_command_detector());
  impl->detectors.push_back(make_reconnaissance_detector());
  impl->detectors.push_back(make_tool_poisoning_detector());
  impl->detectors.push_back(make_prompt_leak_detector());
  impl->detectors.push_back(make_canary_detector());
  impl->detectors.push_back(make_spreading_detector());
  impl->detectors.push_back(make_rendered_detector());
  impl->detectors.push_back(make_usage_detector());
  impl->detectors.push_back(make_tool_changes_detector());
  impl->detectors.push_back(make_access_detector());
  impl->detectors.push_back(make_malicious_url_detector());
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Inspection Engine::inspect(const llm::Exchange& exchange) {
  const std::vector<Text> texts = collect_texts(exchange, impl_->limits, impl_->counters);
  std::vector<std::vector<Secret>> secrets;
  secrets.reserve(texts.size());
  std::vector<std::vector<PatternMatch>> matches(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    secrets.push_back(
        impl_->finder.find(texts[i].text, impl_->literals, impl_->patterns, matches[i]));
  }
  const std::vector<AttackScore> attacks = impl_->judge.scores_of(texts);
  const Ruleset& rules = *impl_->ruleset;
  const Subject subject{exchange, texts, secrets, matches, attacks, rules, impl_->baselines};

  Inspection inspection;
  std::vector<Hit> hits;
  for (const auto& detector : impl_->detectors) detector->inspect(subject, hits, inspection.scores);
  const auto keep = [&](Finding&& finding) {
    if (inspection.findings.size() < impl_->limits.findings) {
      inspection.findings.push_back(std::move(finding));
    } else {
      impl_->counters.add(Count::kFindingsDropped);
    }
  };
  for (const Hit& hit : hits) {
    if (!rules.disabled.contains(hit.alert)) keep(impl_->make_finding(hit, subject));
  }
  for (const CustomMatch& match : rules.rules.match(exchange, texts)) {
    if (rules.disabled.contains("custom." + match.rule->name)) continue;
    keep(impl_->finding_of_rule(match, subject));
  }
  impl_->counters.add(Count::kFindingsRaised, inspection.findings.size());
  return inspection;
}

ProcessInspection Engine::inspect_process(const llm::Process& process) {
  ProcessInspection inspection;
  auto judged = impl_->provenance->judge_process(process);
  if (!judged || impl_->ruleset->disabled.contains(judged->hit.alert)) return inspection;
  inspection.exchange = std::move(judged->exchange);
  const Subject subject{inspection.exchange, {}, {}, {}, {}, *impl_->ruleset, impl_->baselines};
  Finding finding = impl_->make_finding(judged->hit, subject);
  finding.zone = llm::Zone::kTool;  // whose text is being carried out
  finding.evidence = finding.data["command"];
  finding.process = process;
  inspection.findings.push_back(std::move(finding));
  impl_->counters.add(Count::kFindingsRaised);
  return inspection;
}

Baselines& Engine::baselines() { return impl_->baselines; }

std::unique_ptr<Ruleset> Engine::exchange_ruleset(std::unique_ptr<Ruleset> ruleset) {
  impl_->ruleset.swap(ruleset);
  return ruleset;
}

Finding Engine::Impl::make_finding(const Hit& hit, const Subject& subject) const {
  Finding finding = finding_of(hit.alert, hit.detector);
  finding.severity = hit.severity.value_or(finding.severity);
  finding.score = hit.score;
  finding.subtype = hit.subtype;
  for (const auto& [name, value] : hit.data) finding.data[name] = redactor.mask(value);
  if (!hit.fingerprint_of.empty()) {
    finding.data["fingerprint"] = redactor.fingerprint_of(hit.fingerprint_of);
  }
  if (hit.text != kNoText) place(hit, subject, finding);
  return finding;
}

Finding Engine::Impl::finding_of_rule(const CustomMatch& match, const Subject& subject) const {
  Finding finding;
  finding.alert = "custom." + match.rule->name;
  finding.detector = "custom_rule";
  finding.severity = match.rule->severity;
  finding.atlas = match.rule->atlas;
  finding.owasp = match.rule->owasp;
  finding.data["rule"] = redactor.mask(match.rule->title);
  Hit hit;
  hit.text = match.text;
  hit.start = match.start;
  hit.end = match.end;
  place(hit, subject, finding);
  return finding;
}

void Engine::Impl::place(const Hit& hit, const Subject& subject, Finding& finding) const {
  const Text& text = subject.texts[hit.text];
  finding.zone = text.zone;
  finding.message_index = text.message_index;
  finding.json_path = text.json_path;
  CodePointCounter counter(text.text);
  finding.start = counter.at(hit.start);
  finding.end = counter.at(hit.end);
  auto segment = redactor.segment(text.text, hit.start, hit.end, subject.secrets[hit.text],
                                  subject.rules.evidence_code_points);
  finding.evidence = std::move(segment.text);
  finding.highlight = segment.highlight;
  finding.conversation = conversation_of(hit, subject, redactor);
  if (text.part_index >= 0) finding.data["part_index"] = std::to_string(text.part_index);
  if (text.kind == TextKind::kToolCall) finding.data["tool"] = redactor.mask(text.part->name);
  if (text.tool != nullptr) finding.data["tool"] = redactor.mask(text.tool->name);
}

}  // namespace sonde::detect
