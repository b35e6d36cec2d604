// malicious_url.*: addresses in text that stand in the indicator lists, by the text's origin.
#include <algorithm>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/indicators.h"

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
  explicit MaliciousUrlDetector(IndicatorSet indicators) : indicators_(std::move(indicators)) {}

  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    if (indicators_.empty()) return;
    for (size_t i = 0; i < subject.texts.size(); ++i) scan(subject.texts[i], i, hits);
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
  void scan(const Text& text, size_t index, std::vector<Hit>& hits) const {
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
        look_up(text, index, i, std::min(end, i + kLongestAddress), hits);
      }
      i = end;
    }
  }

  // The word itself, then what stands inside of it: markdown "[text](url)", "url=http://...".
  void look_up(const Text& text, size_t index, size_t start, size_t end,
               std::vector<Hit>& hits) const {
    while (end > start && is_edge(text.text[end - 1])) --end;
    if (try_at(text, index, start, end, hits)) return;
    for (const std::string_view mark : {"](", "=", "("}) {
      const size_t at = text.text.substr(start, end - start).find(mark);
      if (at == std::string_view::npos) continue;
      size_t inner_end = end;
      if (mark != "=") {
        inner_end = std::min(text.text.find(')', start + at + mark.size()), end);
      }
      if (try_at(text, index, start + at + mark.size(), inner_end, hits)) return;
    }
  }

  bool try_at(const Text& text, size_t index, size_t start, size_t end,
              std::vector<Hit>& hits) const {
    const auto address = parse_address(text.text.substr(start, end - start));
    if (!address) return false;
    const auto match = indicators_.match(*address);
    if (!match) return false;
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

  IndicatorSet indicators_;
};

}  // namespace

Result<std::unique_ptr<Detector>> make_malicious_url_detector(std::span<const std::string> files) {
  IndicatorSet indicators;
  for (const std::string& file : files) {
    if (Status status = indicators.load_file(file); !status.ok()) {
      return tl::unexpected(status.error());
    }
  }
  indicators.seal();
  return std::unique_ptr<Detector>(std::make_unique<MaliciousUrlDetector>(std::move(indicators)));
}

}  // namespace sonde::detect
