#include "agent/detect/engine.h"

#include <algorithm>
#include <set>

#include "agent/detect/catalogue.h"
#include "agent/detect/custom_rules.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/detectors/tainted_call.h"
#include "agent/detect/judge.h"
#include "agent/detect/redact.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

std::vector<std::string> split(std::string_view words) {
  std::vector<std::string> out;
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    out.emplace_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return out;
}

}  // namespace

struct Engine::Impl {
  Impl(SecretFinder secret_finder, PatternFinder pattern_finder, LiteralSet literal_set,
       const EngineConfig& config, const Limits& limit_values, Counters& counter_set)
      : finder(std::move(secret_finder)),
        patterns(std::move(pattern_finder)),
        literals(std::move(literal_set)),
        redactor(config.fingerprint_key, limit_values, finder, literals),
        disabled(config.disabled_alerts.begin(), config.disabled_alerts.end()),
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
  std::set<std::string, std::less<>> disabled;
  Limits limits;
  Counters& counters;
  std::vector<std::unique_ptr<Detector>> detectors;
  TaintedCallDetector* provenance = nullptr;  // one of them
  CustomRules rules;
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const EngineConfig& config, const Limits& limits,
                                               Counters& counters) {
  constexpr size_t kLeastKey = 16;
  if (config.fingerprint_key.size() < kLeastKey) {
    return fail("the fingerprint key is shorter than 16 bytes");
  }
  for (const std::string& name : config.disabled_alerts) {
    if (find_alert(name) == nullptr && !name.starts_with("custom."))
      return fail("there is no alert named '" + name + "'");
  }
  LiteralSetBuilder builder;
  Result<SecretFinder> finder = SecretFinder::create(builder);
  if (!finder.ok()) return tl::unexpected(finder.error());
  Result<PatternFinder> patterns = PatternFinder::create(builder);
  if (!patterns.ok()) return tl::unexpected(patterns.error());
  Result<LiteralSet> literals = LiteralSet::create(builder);
  if (!literals.ok()) return tl::unexpected(literals.error());
  auto urls = make_malicious_url_detector(config.indicator_files);
  if (!urls.ok()) return tl::unexpected(urls.error());

  auto access =
      make_access_detector(config.tor_exit_files, config.suspicious_ip_files, config.policy);
  if (!access.ok()) return tl::unexpected(access.error());
  auto impl = std::make_unique<Impl>(std::move(*finder), std::move(*patterns), std::move(*literals),
                                     config, limits, counters);
  auto rules = CustomRules::load(config.rule_files);
  if (!rules.ok()) return tl::unexpected(rules.error());
  impl->rules = std::move(*rules);
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
  impl->detectors.push_back(make_spreading_detector());
  impl->detectors.push_back(make_rendered_detector());
  impl->detectors.push_back(make_usage_detector());
  impl->detectors.push_back(make_tool_changes_detector());
  impl->detectors.push_back(std::move(*access));
  impl->detectors.push_back(std::move(*urls));
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
  const Subject subject{exchange, texts, secrets, matches, attacks};

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
    if (!impl_->disabled.contains(hit.alert)) keep(impl_->make_finding(hit, subject));
  }
  for (const CustomMatch& match : impl_->rules.match(exchange, texts)) {
    if (impl_->disabled.contains("custom." + match.rule->name)) continue;
    keep(impl_->finding_of_rule(match, subject));
  }
  impl_->counters.add(Count::kFindingsRaised, inspection.findings.size());
  return inspection;
}

std::vector<Finding> Engine::inspect_process(const llm::Process& process) {
  std::vector<Finding> findings;
  const auto hit = impl_->provenance->judge_process(process);
  if (!hit || impl_->disabled.contains(hit->alert)) return findings;
  static const llm::Exchange kNone;
  Finding finding = impl_->make_finding(*hit, Subject{kNone, {}, {}, {}, {}});
  finding.evidence = finding.data["command"];
  findings.push_back(std::move(finding));
  impl_->counters.add(Count::kFindingsRaised);
  return findings;
}

Finding Engine::Impl::make_finding(const Hit& hit, const Subject& subject) const {
  const AlertInfo& info = *find_alert(hit.alert);
  Finding finding;
  finding.alert = hit.alert;
  finding.detector = hit.detector;
  finding.severity = hit.severity.value_or(info.severity);
  finding.score = hit.score;
  finding.subtype = hit.subtype;
  finding.atlas = split(info.atlas);
  finding.owasp = split(info.owasp);
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
  finding.evidence = redactor.evidence(text.text, hit.start, hit.end, subject.secrets[hit.text]);
  if (text.kind == TextKind::kToolCall) finding.data["tool"] = redactor.mask(text.part->name);
  if (text.tool != nullptr) finding.data["tool"] = redactor.mask(text.tool->name);
}

}  // namespace sonde::detect
