#include "agent/detect/baselines.h"

#include <algorithm>
#include <cmath>

namespace sonde::detect {

namespace {

constexpr double kWeight = 0.1;
constexpr int64_t kOverlapHours = 2;
constexpr uint32_t kSeason = 3;  // weeks, or days, before an hour of them is trusted

size_t hour_of_week(int64_t hour) {
  return static_cast<size_t>(hour % static_cast<int64_t>(SeasonalRate::kHoursOfWeek));
}
size_t hour_of_day(int64_t hour) { return static_cast<size_t>(hour % 24); }

}  // namespace

void HourlyRate::learn(double amount) {
  const double difference = amount - mean;
  const bool first = hours == 0;
  mean = static_cast<float>(first ? amount : mean + kWeight * difference);
  variance = static_cast<float>(
      first ? 0 : (1 - kWeight) * (variance + kWeight * difference * difference));
  ++hours;
}

double HourlyRate::limit(double times_mean, double deviations) const {
  return std::max(mean * times_mean, mean + deviations * std::sqrt(variance));
}

void SeasonalRate::close_hour() {
  overall_.learn(amount_);
  by_day_[hour_of_day(hour_)].learn(amount_);
  by_week_[hour_of_week(hour_)].learn(amount_);
}

void SeasonalRate::add(WallTime time, double amount) {
  const int64_t hour = std::chrono::floor<std::chrono::hours>(time.time_since_epoch()).count();
  // Set back by more than exchanges overlap: what was added belongs to no hour that can be known.
  const bool set_back = hour + kOverlapHours < hour_;
  if (hour > hour_ || set_back) {
    if (hour_ > 0 && !set_back) close_hour();
    hour_ = hour;
    amount_ = 0;
    told_ = false;
  }
  amount_ += amount;
}

const HourlyRate* SeasonalRate::usual() const {
  if (overall_.hours < kWarmUpHours) return nullptr;
  const HourlyRate& week = by_week_[hour_of_week(hour_)];
  const HourlyRate& day = by_day_[hour_of_day(hour_)];
  if (week.hours >= kSeason) return &week;
  return day.hours >= kSeason ? &day : &overall_;
}

}  // namespace sonde::detect
