#include "agent/detect/secret_finder.h"

#include <algorithm>
#include <array>
#include <string>

#include "agent/detect/encoding.h"
#include "agent/detect/randomness.h"
#include "agent/detect/regex.h"
#include "agent/detect/secret_checks.h"
#include "agent/detect/secret_names.h"

namespace sonde::detect {

namespace {

// Between the name and the value: the rest of the name, what closes it, and one of the ways to say
// that a value follows. A type's annotation stands before the others, or it is taken for the value.
constexpr std::string_view kNameTail =
    R"([\w.-]{0,30}(?: (?i:api|app|access|secret|auth|client|admin|account|bot|private|key|token)){0,3})"
    R"(["'`\\\])\s]{0,4}(?:)"
    R"(\s{0,2}:\s{0,2}[A-Za-z&'\[][\w\[\]<>&'.|? ]{0,30}?\s?=(?![=>]))"  // secret: &str =
    R"(|\s{0,3}(?:=>|:=|:{1,3}|={1,3}|\?=|>|,(?=\s{0,3}\\?["'`])|\|\||：))"
    R"(|\s+(?:is|to|are|lautet|ist|es|est|è|é|är|er|jest)(?:\s*:|\snow)?\s)"
    R"(|["']\s{1,3}value=|\s(?=["'`])|\(\s?(?=["'`])|\s--(?:body|value)[\s=])"
    R"(|,?\s{0,16}(?:\\?["'])?[Vv]alue(?:\\?["'])?\s{0,2}[:=])"  // name: X, value: secret
    R"(|["']\s{0,2}\{\s{0,12}(?:[^}\n]{0,80}\n\s{0,8}){0,3}?default\s{0,8}=)"  // Terraform
    R"(|\s?(?:是|为|は|는)\s?)"
    R"(|\s+(?:for|of|on|to|from)\s[^\n.:;=]{1,40}?\s(?:is|=|:)\s)"
    // "my api key 0123...", which takes a long value
    R"(|(?<=pi[ _-]key|et[ _-]key|ss[ _-]key|te[ _-]key|[hist][ _-]token|t[ _-]secret)\s(?=[\w.=+/~:-]{20}))"
    R"()[\s"'`\\=(]{0,8})";
constexpr std::string_view kValueEnd = R"((?=[`'"\s;,\\<>)\]}&|#]|[.:!?](?:\s|$)|$))";
// A line break of a JSON string may stand before a token as "\n".
constexpr std::string_view kTokenStart = R"((?:(?<![A-Za-z0-9])|(?<=\\[nrt])))";
constexpr std::string_view kTokenEnd = R"((?![A-Za-z0-9]))";

std::string full_pattern(const SecretRule& rule) {
  std::string pattern;
  if (rule.form == SecretForm::kAssigned) {
    pattern.append(kNameTail).append("(").append(rule.pattern).append(")").append(kValueEnd);
    return pattern;
  }
  pattern.append(kTokenStart).append("(?:").append(rule.pattern).append(")");
  return pattern.append(rule.pattern.back() == ')' ? "" : kTokenEnd);
}

std::vector<std::string_view> split(std::string_view words) {
  std::vector<std::string_view> out;
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (end > 0) out.push_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return out;
}

}  // namespace

struct SecretFinder::Impl {
  struct Compiled {
    const SecretRule* rule;
    Regex regex;
  };
  std::vector<Compiled> rules;
  std::vector<std::vector<uint32_t>> by_literal;  // literal id -> indices into rules

  void on_hit(std::string_view text, const LiteralHit& hit, std::vector<Secret>& out) const;
  std::vector<Secret> finish(std::string_view text, const LiteralSet& literals,
                             std::vector<Secret> found) const;
  void try_rule(std::string_view text, const LiteralHit& hit, uint32_t index,
                std::vector<Secret>& out) const;
  bool judge(std::string_view text, const SecretRule& rule, const Capture& capture,
             std::vector<Secret>& out) const;
};

SecretFinder::SecretFinder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SecretFinder::SecretFinder(SecretFinder&&) noexcept = default;
SecretFinder& SecretFinder::operator=(SecretFinder&&) noexcept = default;
SecretFinder::~SecretFinder() = default;

Result<SecretFinder> SecretFinder::create(LiteralSetBuilder& literals) {
  auto impl = std::make_unique<Impl>();
  for (const SecretRule& rule : secret_rules()) {
    Result<Regex> regex = Regex::compile(full_pattern(rule));
    if (!regex.ok()) return tl::unexpected(regex.error());
    const auto index = static_cast<uint32_t>(impl->rules.size());
    impl->rules.push_back({&rule, std::move(*regex)});
    for (const std::string_view keyword : split(rule.keywords)) {
      const LiteralId id = literals.add(keyword);
      if (impl->by_literal.size() <= id) impl->by_literal.resize(id + 1);
      impl->by_literal[id].push_back(index);
    }
  }
  return SecretFinder(std::move(impl));
}

void SecretFinder::Impl::on_hit(std::string_view text, const LiteralHit& hit,
                                std::vector<Secret>& out) const {
  if (hit.id >= by_literal.size()) return;
  for (const uint32_t index : by_literal[hit.id]) {
    if (out.size() < kSecretsPerText) try_rule(text, hit, index, out);
  }
}

void SecretFinder::Impl::try_rule(std::string_view text, const LiteralHit& hit, uint32_t index,
                                  std::vector<Secret>& out) const {
  const auto& [rule, regex] = rules[index];
  const bool assigned = rule->form == SecretForm::kAssigned;
  if (assigned && !rule->provider.empty() && inside_word(text, hit.start)) return;
  const size_t anchor = assigned ? hit.end : hit.start;
  for (size_t before = rule->before_max;; --before) {
    if (before <= anchor) {
      const auto capture = regex.match_at(text, anchor - before);
      const bool wrong = capture && assigned && rule->provider.empty() &&
                         names_no_secret(text, hit, capture->start, rule->check);
      if (capture && !wrong && judge(text, *rule, *capture, out)) {
        out.back().record_field = assigned && is_record_field(text, hit);
        return;
      }
    }
    if (before == rule->before_min) return;
  }
}

namespace {

// "Summer2024!": a digit and a sign that names in code cannot have.
bool keeps_password_rules(std::string_view value) {
  return value.find_first_of("0123456789") != value.npos &&
         (value.find_first_of("!@#%^&*?+~") != value.npos || value.back() == '$');
}

double score_of(const SecretRule& rule, Verdict verdict, std::string_view value) {
  constexpr double kSurelyDrawn = 5.0;
  constexpr size_t kDrawnLength = 14;
  if (verdict == Verdict::kVerified) return 1.0;
  if (!rule.provider.empty()) return 0.9;
  if (rule.check != SecretCheck::kPassword) return 0.6;
  if (value.size() >= kDrawnLength && surprise(value) >= kSurelyDrawn) return 0.6;
  return looks_random(value) ? 0.5 : 0.4;
}

}  // namespace

bool SecretFinder::Impl::judge(std::string_view text, const SecretRule& rule,
                               const Capture& capture, std::vector<Secret>& out) const {
  const std::string_view value = text.substr(capture.start, capture.end - capture.start);
  if (value.empty() || entropy(value) < rule.entropy) return false;
  const bool long_form = rule.check == SecretCheck::kPrivateKey ||
                         rule.check == SecretCheck::kJwt || rule.check == SecretCheck::kBase64;
  if (!long_form && is_placeholder(value, rule.form == SecretForm::kToken)) return false;
  if (rule.form == SecretForm::kAssigned && reads_as_name(value) &&
      !(rule.check == SecretCheck::kPassword && keeps_password_rules(value))) {
    return false;
  }
  if (rule.form == SecretForm::kToken && rule.check == SecretCheck::kNone && ends_in_words(value)) {
    return false;
  }
  const Verdict verdict = check_secret(rule.check, value);
  if (verdict == Verdict::kNo) return false;
  out.push_back({.start = capture.start,
                 .end = capture.end,
                 .rule = &rule,
                 .score = score_of(rule, verdict, value),
                 .verified = verdict == Verdict::kVerified,
                 .value = std::string(value)});
  return true;
}

std::vector<Secret> SecretFinder::find(std::string_view text, const LiteralSet& literals) const {
  std::vector<Secret> found;
  literals.scan(text, [&](const LiteralHit& hit) { impl_->on_hit(text, hit, found); });
  return impl_->finish(text, literals, std::move(found));
}

std::vector<Secret> SecretFinder::find(std::string_view text, const LiteralSet& literals,
                                       const PatternFinder& patterns,
                                       std::vector<PatternMatch>& matches) const {
  std::vector<Secret> found;
  literals.scan(text, [&](const LiteralHit& hit) {
    impl_->on_hit(text, hit, found);
    patterns.try_at(text, hit, matches);
  });
  return impl_->finish(text, literals, std::move(found));
}

// What encodings hide, and one secret for each place.
std::vector<Secret> SecretFinder::Impl::finish(std::string_view text, const LiteralSet& literals,
                                               std::vector<Secret> found) const {
  for (const EncodedRun& run : find_encoded_runs(text)) {
    std::vector<Secret> inner;
    literals.scan(run.decoded, [&](const LiteralHit& hit) { on_hit(run.decoded, hit, inner); });
    for (Secret& secret : inner) {
      secret.start = run.start;
      secret.end = run.end;
      secret.encoding = run.encoding;
      found.push_back(std::move(secret));
    }
  }
  // Of two that overlap the earlier rule wins: specific ones stand first in the table.
  std::stable_sort(found.begin(), found.end(), [](const Secret& a, const Secret& b) {
    if (a.encoding.empty() != b.encoding.empty()) return a.encoding.empty();
    return a.rule < b.rule;
  });
  std::vector<Secret> kept;
  for (Secret& secret : found) {
    const bool overlaps = std::any_of(kept.begin(), kept.end(), [&](const Secret& other) {
      return secret.start < other.end && other.start < secret.end;
    });
    if (!overlaps) kept.push_back(std::move(secret));
  }
  std::sort(kept.begin(), kept.end(),
            [](const Secret& a, const Secret& b) { return a.start < b.start; });
  return kept;
}

}  // namespace sonde::detect
