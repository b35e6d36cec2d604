// malicious_url.*: addresses in text that stand in the indicator lists or imitate a known domain,
// by the text's origin.
#include <algorithm>
#include <optional>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/indicators.h"
#include "agent/detect/lru_map.h"
#include "agent/detect/ruleset.h"

namespace sonde::detect {

namespace {

constexpr size_t kAddressesPerText = 20000;
constexpr size_t kLongestAddress = 2048;

// What ends an address in running text. Brackets stay: they may be part of a defanged dot.
bool ends_address(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' ||
         c == '`' || c == '|' || c == '^' || c == ',' || c == ';';
}
bool is_edge(char c) {
  return c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' || c == '.' ||
         c == '!' || c == '?' || c == ':' || c == '*' || c == '=' || c == '\\';
}

class MaliciousUrlDetector final : public Detector {
 public:
  bool judges_unfinished() const override { return true; }
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    own_hosts_.add(subject.exchange.network.host);
    if (const auto version = std::pair(&subject.rules, own_hosts_.size()); version != version_) {
      verdicts_ = LruMap<std::optional<LookAlike>>(kVerdicts);
      version_ = version;
    }
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      scan(subject.rules, subject.texts[i], i, hits);
    }
  }

 private:
  static std::string_view alert_of(const Text& text) {
    switch (text.zone) {
      case llm::Zone::kUser:
        return "malicious_url.user_prompt";
      case llm::Zone::kAssistant:
        return "malicious_url.model_response";
      case llm::Zone::kTool:
        return "malicious_url.tool_output";
      case llm::Zone::kSystem:
      case llm::Zone::kDeveloper:
        break;
    }
    return "malicious_url.unknown";
  }

  // Only words with a dot can be addresses; the dot may be written as "[dot]".
  void scan(const Ruleset& rules, const Text& text, size_t index, std::vector<Hit>& hits) {
    const std::string_view all = text.text;
    size_t tried = 0;
    for (size_t i = 0; i < all.size() && tried < kAddressesPerText;) {
      if (ends_address(all[i]) || is_edge(all[i])) {
        ++i;
        continue;
      }
      size_t end = i;
      bool dot = false;
      while (end < all.size() && !ends_address(all[end])) {
        dot = dot || all[end] == '.' || all[end] == '[' || all[end] == '(';
        ++end;
      }
      if (dot && end - i >= 4) {
        ++tried;
        look_up(rules, text, index, i, std::min(end, i + kLongestAddress), hits);
      }
      i = end;
    }
  }

  // The word itself, then what stands inside of it: markdown "[text](url)", "url=http://...".
  void look_up(const Ruleset& rules, const Text& text, size_t index, size_t start, size_t end,
               std::vector<Hit>& hits) {
    while (end > start && is_edge(text.text[end - 1])) --end;
    if (try_at(rules, text, index, start, end, hits)) return;
    for (const std::string_view mark : {"](", "=", "("}) {
      const size_t at = text.text.substr(start, end - start).find(mark);
      if (at == std::string_view::npos) continue;
      size_t inner_end = end;
      if (mark != "=") {
        inner_end = std::min(text.text.find(')', start + at + mark.size()), end);
      }
      if (try_at(rules, text, index, start + at + mark.size(), inner_end, hits)) return;
    }
  }

  bool try_at(const Ruleset& rules, const Text& text, size_t index, size_t start, size_t end,
              std::vector<Hit>& hits) {
    const auto address = parse_address(text.text.substr(start, end - start));
    if (!address) return false;
    const auto match = rules.malicious.match(*address);
    if (!match) return imitates(rules, text, index, {start, end}, *address, hits);
    Hit hit{.alert = alert_of(text),
            .detector = "malicious_url",
            .subtype = std::string(to_string(match->kind)),
            .text = index,
            .start = start,
            .end = end};
    hit.data["indicator"] = match->indicator;
    hit.data["indicator_type"] = to_string(match->kind);
    hit.data[match->kind == IndicatorKind::kAddress ? "ip" : "domain"] = address->host;
    if (match->kind == IndicatorKind::kUrl) hit.data["url"] = match->indicator;
    hits.push_back(std::move(hit));
    return true;
  }

  bool imitates(const Ruleset& rules, const Text& text, size_t index, TextSpan span,
                const Address& address, std::vector<Hit>& hits) {
    const std::string_view written = text.text.substr(span.start, span.end - span.start);
    const bool link = written.find(":/") != written.npos || !address.rest.empty();
    const std::string key = (link ? "+" : "-") + address.host;
    std::optional<LookAlike>* known = verdicts_.find(key);
    if (known == nullptr) {
      auto found = rules.brands.match(address.host, link);
      if (!found) found = own_hosts_.match(address.host, link);
      known = &(verdicts_[key] = std::move(found));
    }
    if (!*known) return false;
    const LookAlike& found = **known;
    Hit hit{.alert = alert_of(text),
            .detector = "malicious_url",
            .score = found.score,
            .subtype = "lookalike",
            .text = index,
            .start = span.start,
            .end = span.end};
    if (found.technique == "typo" || found.technique == "lure") hit.severity = Severity::kMedium;
    hit.data["brand"] = found.brand;
    hit.data["technique"] = found.technique;
    hit.data["domain"] = address.host;
    hits.push_back(std::move(hit));
    return true;
  }

  static constexpr size_t kVerdicts = 4096;
  LookAlikes own_hosts_{{}, false};  // hosts that applications of this machine speak to
  LruMap<std::optional<LookAlike>> verdicts_{kVerdicts};
  std::pair<const Ruleset*, size_t> version_{};  // of the lists that the verdicts come from
};

}  // namespace

std::unique_ptr<Detector> make_malicious_url_detector() {
  return std::make_unique<MaliciousUrlDetector>();
}

}  // namespace sonde::detect
