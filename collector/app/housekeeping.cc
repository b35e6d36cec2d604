#include "collector/app/housekeeping.h"

#include <algorithm>
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
#include "collector/store/partitions.h"

namespace sonde::collector {
namespace {

constexpr int64_t kDayMs = 24 * 3'600'000LL;
constexpr int64_t kRoundMs = 60'000;
// Small enough that an ingest transaction never waits long behind one.
constexpr size_t kRowsPerStep = 2000;
constexpr int64_t kPauseMs = 50;

// A partition is dropped when the last of its alerts is too old, so they stay that much longer; and
// the more partitions, the more each look must ask.
int64_t partition_span_ms(int64_t retention_days) {
  return std::clamp<int64_t>(retention_days / 30, 1, 30) * kDayMs;
}

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
  const int64_t span_ms = partition_span_ms(config_.retention_alert_days);
  store::AlertPartitions partitions(pool_);
  const auto begun = partitions.rotate(now_ms, span_ms);
  if (!begun.ok()) spdlog::warn("no new partition of alerts yet: {}", begun.error().message);
  for (auto dropped = partitions.drop_oldest(alerts_before); dropped.ok() && *dropped;) {
    dropped = partitions.drop_oldest(alerts_before);
  }
  // In PostgreSQL only what came much later than it happened is left to be removed singly.
  const bool whole = pool_.dialect() == store::sql::Dialect::kPostgres;
  const int64_t singly_before = alerts_before - (whole ? 2 * span_ms : 0);
  all_of([&] {
    const auto removed = alerts.remove_before(singly_before, kRowsPerStep);
    if (removed.ok()) metrics_.add(api::Counter::kAlertsExpired, static_cast<uint64_t>(*removed));
    return removed;
  });
  all_of([&] { return fleet.remove_activity_before(activity_before, kRowsPerStep); });
  incident::Correlator correlator(pool_);
  all_of([&] {
    return correlator.forget_before(now_ms - incident::kLongestWindowMs,
                                    static_cast<int64_t>(kRowsPerStep));
  });
  const auto emptied = store::IncidentStore(pool_).remove_empty_before(alerts_before);
  const auto audited = audit.remove_before(now_ms - config_.retention_audit_days * kDayMs);
  const auto expired = store::AccountStore(pool_).remove_expired(now_ms);
  if (!audited.ok() || !expired.ok() || !emptied.ok())
    spdlog::warn("retention failed, trying again in a minute");
}

}  // namespace sonde::collector
