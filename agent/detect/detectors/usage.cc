// wallet.duplicate_requests, wallet.volume_anomaly: use that costs money without purpose, against
// the application's own past. Baselines live in memory: they warm up again after a restart.
#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>

#include "agent/detect/application.h"
#include "agent/detect/baselines.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/lru_map.h"

namespace sonde::detect {

namespace {

using std::chrono::minutes;

constexpr size_t kRequests = 8192;
constexpr minutes kWindow{10};
constexpr uint32_t kDuplicates = 30;  // equal requests in a window
constexpr double kDeviations = 6;
constexpr double kTimesMean = 4;
constexpr double kLeastTokens = 200'000;  // an hour with less is cheap whatever the past was

// Requests are near-equal where they have the same words in any order: case, punctuation and every
// word with a digit (numbers, ids, nonces) say nothing.
std::string normalised(const Subject& subject) {
  constexpr uint64_t kBasis = 0xCBF29CE484222325ULL;
  uint64_t sum = 0;
  for (const Text& text : subject.texts) {
    if (text.output) continue;
    uint64_t word = kBasis;
    bool drop = false;
    for (size_t i = 0; i <= text.text.size(); ++i) {
      const auto c = static_cast<uint8_t>(i < text.text.size() ? text.text[i] : ' ');
      const bool digit = c >= '0' && c <= '9';
      const auto low = static_cast<uint8_t>(c | 0x20U);
      if (c >= 0x80 || digit || (low >= 'a' && low <= 'z')) {
        drop = drop || digit;
        word = (word ^ (c >= 0x80 ? c : low)) * 0x100000001B3ULL;
        continue;
      }
      if (!drop && word != kBasis) sum += word ^ (word >> 29U);
      word = kBasis;
      drop = false;
    }
  }
  return fmt::format("{:016x}", sum);
}

class UsageDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    const std::string application = application_key(subject.exchange);
    if (application.empty()) return;
    count_duplicates(subject, application, hits);
    count_tokens(subject, application, hits);
  }

 private:
  struct Repeats {
    WallTime since;
    uint32_t count = 0;
  };
  void count_duplicates(const Subject& subject, const std::string& application,
                        std::vector<Hit>& hits) {
    const bool has_text = std::any_of(subject.texts.begin(), subject.texts.end(),
                                      [](const Text& text) { return !text.output; });
    const bool asks_model = subject.exchange.provider != "mcp";  // tools may well be polled
    if (!has_text || !asks_model) return;
    Repeats& repeats = requests_[application + normalised(subject)];
    const WallTime now = subject.exchange.start_time;
    if (std::chrono::abs(now - repeats.since) > kWindow) repeats = {now, 0};
    if (++repeats.count != kDuplicates) return;
    Hit hit{.alert = "wallet.duplicate_requests",
            .detector = "usage",
            .score = 0.8,
            .subtype = "equal_requests"};
    hit.data["count"] = std::to_string(repeats.count);
    hit.data["window_minutes"] = std::to_string(kWindow.count());
    hits.push_back(std::move(hit));
  }

  static void count_tokens(const Subject& subject, const std::string& application,
                           std::vector<Hit>& hits) {
    const llm::Exchange& exchange = subject.exchange;
    const auto tokens =
        static_cast<double>(exchange.input_tokens.value_or(0) + exchange.output_tokens.value_or(0));
    SeasonalRate& rate = subject.baselines.applications[application].tokens;
    rate.add(exchange.start_time, tokens);
    const HourlyRate* usual = rate.usual();
    if (usual == nullptr || rate.current() < kLeastTokens) return;
    if (rate.current() <= usual->limit(kTimesMean, kDeviations) || !rate.tell()) return;
    Hit hit{.alert = "wallet.volume_anomaly",
            .detector = "usage",
            .score = 0.8,
            .subtype = "tokens_per_hour"};
    hit.data["tokens"] = fmt::format("{:.0f}", rate.current());
    hit.data["usual"] = fmt::format("{:.0f}", usual->mean);
    hits.push_back(std::move(hit));
  }

  LruMap<Repeats> requests_{kRequests};
};

}  // namespace

std::unique_ptr<Detector> make_usage_detector() { return std::make_unique<UsageDetector>(); }

}  // namespace sonde::detect
