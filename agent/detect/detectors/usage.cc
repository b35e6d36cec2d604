// wallet.duplicate_requests, wallet.volume_anomaly: use that costs money without purpose, against
// the application's own past. Baselines live in memory: they warm up again after a restart.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "agent/detect/application.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/lru_map.h"

namespace sonde::detect {

namespace {

using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::minutes;

constexpr size_t kApplications = 1024;
constexpr size_t kRequests = 8192;
constexpr minutes kWindow{10};
constexpr uint32_t kDuplicates = 30;  // equal requests in a window
constexpr size_t kWarmUpHours = 24;   // hours with traffic before a volume is judged
constexpr double kDeviations = 6;
constexpr double kTimesMean = 4;
constexpr double kLeastTokens = 200'000;  // an hour with less is cheap whatever the past was

// A request without numbers is the same request at another time.
std::string normalised(const Subject& subject) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const Text& text : subject.texts) {
    if (text.output) continue;
    for (const char c : text.text) {
      if (c >= '0' && c <= '9') continue;
      hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3ULL;
    }
  }
  return fmt::format("{:016x}", hash);
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
    WallTime since{};
    uint32_t count = 0;
  };
  // Tokens of each hour of the day, and what they usually are: people work by day.
  struct Volume {
    int64_t hour = 0;
    double tokens = 0;
    size_t hours_seen = 0;
    bool told = false;
    std::array<double, 24> mean{};
    std::array<double, 24> variance{};
    std::array<uint32_t, 24> days{};
    double overall_mean = 0;
    double overall_variance = 0;
  };

  void count_duplicates(const Subject& subject, const std::string& application,
                        std::vector<Hit>& hits) {
    const bool has_text = std::any_of(subject.texts.begin(), subject.texts.end(),
                                      [](const Text& text) { return !text.output; });
    if (!has_text) return;
    Repeats& repeats = requests_[application + normalised(subject)];
    const WallTime now = subject.exchange.start_time;
    if (now - repeats.since > kWindow) repeats = {now, 0};
    if (++repeats.count != kDuplicates) return;
    Hit hit{.alert = "wallet.duplicate_requests",
            .detector = "usage",
            .score = 0.8,
            .subtype = "equal_requests"};
    hit.data["count"] = std::to_string(repeats.count);
    hit.data["window_minutes"] = std::to_string(kWindow.count());
    hits.push_back(std::move(hit));
  }

  void count_tokens(const Subject& subject, const std::string& application,
                    std::vector<Hit>& hits) {
    const llm::Exchange& exchange = subject.exchange;
    const auto tokens =
        static_cast<double>(exchange.input_tokens.value_or(0) + exchange.output_tokens.value_or(0));
    Volume& volume = volumes_[application];
    const int64_t hour = duration_cast<hours>(exchange.start_time.time_since_epoch()).count();
    if (hour > volume.hour) close_hour(volume, hour);
    volume.tokens += tokens;
    judge(volume, hits);
  }

  static void close_hour(Volume& volume, int64_t hour) {
    constexpr double kWeight = 0.1;
    if (volume.hour != 0) {
      const auto slot = static_cast<size_t>(volume.hour % 24);
      const auto learn = [&](double& mean, double& variance, bool first) {
        const double difference = volume.tokens - mean;
        mean = first ? volume.tokens : mean + kWeight * difference;
        variance = first ? 0 : (1 - kWeight) * (variance + kWeight * difference * difference);
      };
      learn(volume.mean[slot], volume.variance[slot], volume.days[slot] == 0);
      learn(volume.overall_mean, volume.overall_variance, volume.hours_seen == 0);
      ++volume.days[slot];
      ++volume.hours_seen;
    }
    volume.hour = hour;
    volume.tokens = 0;
    volume.told = false;
  }

  static void judge(Volume& volume, std::vector<Hit>& hits) {
    if (volume.told || volume.hours_seen < kWarmUpHours || volume.tokens < kLeastTokens) return;
    const auto slot = static_cast<size_t>(volume.hour % 24);
    const bool seasonal = volume.days[slot] >= 3;
    const double mean = seasonal ? volume.mean[slot] : volume.overall_mean;
    const double variance = seasonal ? volume.variance[slot] : volume.overall_variance;
    const double limit = std::max(mean * kTimesMean, mean + kDeviations * std::sqrt(variance));
    if (volume.tokens <= limit) return;
    volume.told = true;
    Hit hit{.alert = "wallet.volume_anomaly",
            .detector = "usage",
            .score = 0.8,
            .subtype = "tokens_per_hour"};
    hit.data["tokens"] = fmt::format("{:.0f}", volume.tokens);
    hit.data["usual"] = fmt::format("{:.0f}", mean);
    hits.push_back(std::move(hit));
  }

  LruMap<Repeats> requests_{kRequests};
  LruMap<Volume> volumes_{kApplications};
};

}  // namespace

std::unique_ptr<Detector> make_usage_detector() { return std::make_unique<UsageDetector>(); }

}  // namespace sonde::detect
