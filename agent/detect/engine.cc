#include "agent/detect/engine.h"

#include "agent/detect/baselines.h"
#include "agent/detect/catalogue.h"
#include "agent/detect/conversation_view.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/detectors/tainted_call.h"
#include "agent/detect/judge.h"
#include "agent/detect/redact.h"
#include "agent/detect/review.h"
#include "agent/detect/ruleset.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

// The first border between code points at or behind `position`.
size_t border_at(std::string_view text, size_t position) {
  const auto inside = [&] { return (static_cast<unsigned char>(text[position]) & 0xC0) == 0x80; };
  while (position < text.size() && inside()) ++position;
  return position;
}

}  // namespace

struct Engine::Impl {
  Impl(SecretFinder secret_finder, PatternFinder pattern_finder, LiteralSet literal_set,
       const EngineConfig& config, const Limits& limit_values, Counters& counter_set)
      : finder(std::move(secret_finder)),
        patterns(std::move(pattern_finder)),
        literals(std::move(literal_set)),
        redactor(config.fingerprint_key, limit_values, finder, literals),
        limits(limit_values),
        counters(counter_set) {}

  std::vector<std::vector<Secret>> secrets_of(
      std::span<const Text> texts, std::vector<std::vector<PatternMatch>>& matches) const;
  Finding make_finding(const Hit& hit, const Subject& subject) const;
  Finding finding_of_rule(const CustomMatch& match, const Subject& subject) const;
  void collect_reviews(const Subject& subject, std::vector<ReviewCandidate>& out) const;
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
  ReviewBand review;
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

std::vector<std::vector<Secret>> Engine::Impl::secrets_of(
    std::span<const Text> texts, std::vector<std::vector<PatternMatch>>& matches) const {
  std::vector<std::vector<Secret>> secrets;
  secrets.reserve(texts.size());
  matches.resize(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    secrets.push_back(finder.find(texts[i].text, literals, patterns, matches[i]));
  }
  return secrets;
}

std::vector<Finding> Engine::inspect_answer(const llm::Exchange& begun, bool pauses) {
  const std::vector<Text> texts = collect_texts(begun, impl_->limits, impl_->counters);
  std::vector<std::vector<PatternMatch>> matches;
  const auto secrets = impl_->secrets_of(texts, matches);
  const std::vector<AttackScore> attacks(texts.size());
  const Ruleset& rules = *impl_->ruleset;
  const Subject subject{begun, texts, secrets, matches, attacks, rules, impl_->baselines};
  std::vector<Hit> hits;
  Scores scores;
  for (const auto& detector : impl_->detectors) {
    if (detector->judges_unfinished()) detector->inspect(subject, hits, scores);
  }
  std::vector<Finding> findings;
  for (const Hit& hit : hits) {
    if (hit.text == kNoText || rules.disabled.contains(hit.alert)) continue;
    // A value goes on until something ends it.
    const bool settled =
        texts[hit.text].text.find_first_of(" \t\r\n", hit.end) != std::string_view::npos;
    if ((settled || pauses) && findings.size() < impl_->limits.findings) {
      findings.push_back(impl_->make_finding(hit, subject));
    }
  }
  return findings;
}

Inspection Engine::inspect(const llm::Exchange& exchange) {
  const std::vector<Text> texts = collect_texts(exchange, impl_->limits, impl_->counters);
  std::vector<std::vector<PatternMatch>> matches;
  const auto secrets = impl_->secrets_of(texts, matches);
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
  impl_->collect_reviews(subject, inspection.to_review);
  return inspection;
}

void Engine::set_review(const ReviewBand& band) { impl_->review = band; }

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

void Engine::Impl::collect_reviews(const Subject& subject,
                                   std::vector<ReviewCandidate>& out) const {
  const PromptModel& model = PromptModel::embedded();
  for (size_t i = 0; i < subject.texts.size(); ++i) {
    const Text& text = subject.texts[i];
    const AttackScore& attack = subject.attacks[i];
    if (!review.includes(text.zone, attack.score)) continue;
    const bool user = text.zone == llm::Zone::kUser;
    Hit hit{.alert = user ? "prompt_attack.user" : "prompt_attack.document",
            .detector = "prompt_attack",
            .score = attack.score,
            .text = i,
            .start = attack.start,
            .end = attack.end};
    if (hit.end <= hit.start) hit.end = text.text.size();  // no place stands out
    if (subject.rules.disabled.contains(hit.alert)) continue;
    if (out.size() >= limits.findings) {
      counters.add(Count::kFindingsDropped);
      return;
    }
    ReviewCandidate candidate;
    candidate.flagged =
        attack.score >= (user ? model.prompt_threshold() : model.document_threshold());
    candidate.whole_bytes = text.text.size();
    const size_t from = border_at(text.text, hit.start - std::min(hit.start, kReviewBytes / 2));
    const size_t to = border_at(text.text, std::min(text.text.size(), from + kReviewBytes));
    candidate.masked.focus = hit.start;
    candidate.masked.text =
        redactor.copy(text.text, from, to, subject.secrets[i], candidate.masked.focus);
    if (review.plain)
      candidate.plain = {std::string(text.text.substr(from, to - from)), hit.start - from};
    candidate.finding = make_finding(hit, subject);
    out.push_back(std::move(candidate));
  }
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
