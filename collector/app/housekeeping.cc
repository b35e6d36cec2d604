#include "collector/app/housekeeping.h"

#include <chrono>

#include <spdlog/spdlog.h>

#include "collector/app/command_parts.h"
#include "collector/incident/correlator.h"
#include "collector/incident/links.h"
#include "collector/store/accounts.h"
#include "collector/store/alerts.h"
#include "collector/store/audit.h"
#include "collector/store/fleet.h"
#include "collector/store/incidents.h"

namespace sonde::collector {
namespace {

constexpr int64_t kDayMs = 24 * 3'600'000LL;
constexpr int64_t kRoundMs = 60'000;
// Small enough that an ingest transaction never waits long behind one.
constexpr size_t kRowsPerStep = 2000;
constexpr int64_t kPauseMs = 50;

}  // namespace

Housekeeping::Housekeeping(store::Pool& pool, const Config& config, api::Metrics& metrics)
    : pool_(pool), config_(config), metrics_(metrics), thread_([this] { run(); }) {}

Housekeeping::~Housekeeping() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Housekeeping::stopped_within(int64_t milliseconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(milliseconds),
                           [this] { return stopping_; });
}

void Housekeeping::run() {
  do {
    clean(wall_ms());
  } while (!stopped_within(kRoundMs));
}

void Housekeeping::clean(int64_t now_ms) {
  store::AlertStore alerts(pool_);
  store::FleetStore fleet(pool_);
  store::AuditStore audit(pool_);
  const int64_t alerts_before = now_ms - config_.retention_alert_days * kDayMs;
  const int64_t activity_before = now_ms - config_.retention_activity_days * kDayMs;
  auto all_of = [this](auto remove) {
    for (;;) {
      const auto removed = remove();
      if (!removed.ok()) {
        spdlog::warn("retention failed, trying again in a minute: {}", removed.error().message);
        return;
      }
      if (*removed < static_cast<int64_t>(kRowsPerStep) || stopped_within(kPauseMs)) return;
    }
  };
  all_of([&] {
    const auto removed = alerts.remove_before(alerts_before, kRowsPerStep);
    if (removed.ok()) metrics_.add(api::Counter::kAlertsExpired, static_cast<uint64_t>(*removed));
    return removed;
  });
  all_of([&] { return fleet.remove_activity_before(activity_before, kRowsPerStep); });
  const auto forgotten =
      incident::Correlator(pool_).forget_before(now_ms - incident::kLongestWindowMs);
  const auto emptied = store::IncidentStore(pool_).remove_empty_before(alerts_before);
  const auto audited = audit.remove_before(now_ms - config_.retention_audit_days * kDayMs);
  const auto expired = store::AccountStore(pool_).remove_expired(now_ms);
  if (!audited.ok() || !expired.ok() || !forgotten.ok() || !emptied.ok())
    spdlog::warn("retention failed, trying again in a minute");
}

}  // namespace sonde::collector
