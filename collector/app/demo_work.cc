#include "collector/app/demo_work.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "collector/store/alerts.h"
#include "collector/store/incidents.h"
#include "collector/store/suppressions.h"

namespace sonde::collector {
namespace {

using Json = nlohmann::json;

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;

// An incident of one alert is resolved with it.
Status work_on_single_alerts(store::Pool& pool, int64_t now_ms) {
  store::IncidentStore incidents(pool);
  store::IncidentFilter filter;
  filter.until_ms = now_ms - kDayMs / 2;
  std::optional<store::AlertCursor> cursor;
  do {
    const auto page = incidents.list(filter, 200, cursor);
    if (!page.ok()) return tl::unexpected<Error>(page.error());
    for (const store::Incident& incident : page->items) {
      const auto alerts = incidents.alerts(incident.id, 2);
      if (!alerts.ok()) return tl::unexpected<Error>(alerts.error());
      const store::Alert& alert = alerts->front().alert;
      if (alerts->size() != 1 || alert.status != store::WorkStatus::kResolved) continue;
      store::IncidentChange change;
      change.work = {alert.status, alert.assignee, alert.classification};
      const auto changed = incidents.change(incident.id, change);
      if (!changed.ok()) return tl::unexpected<Error>(changed.error());
    }
    cursor = page->next;
  } while (cursor);
  return {};
}

Status add_suppression(store::Pool& pool, int64_t now_ms) {
  store::Suppression rule;
  rule.alert = "shadow_ai";
  rule.application = "bun-assistant";
  rule.reason = "Local model on a development machine, agreed with the platform team";
  rule.author = "mira";
  rule.created_ms = now_ms - 3 * kDayMs;
  rule.expires_ms = now_ms + 87 * kDayMs;
  const auto added = store::SuppressionStore(pool).add(rule);
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  return {};
}

}  // namespace

Status work_on_alerts(store::Pool& pool, int64_t now_ms) {
  store::AlertStore alerts(pool);
  store::AlertFilter filter;
  filter.until_ms = now_ms - kDayMs / 2;
  std::optional<store::AlertCursor> cursor;
  do {
    const auto page = alerts.list(filter, 200, cursor);
    if (!page.ok()) return tl::unexpected<Error>(page.error());
    for (const store::Alert& alert : page->items) {
      if (alert.id % 8 == 0) continue;
      store::WorkChange change;
      change.status =
          alert.id % 11 == 0 ? store::WorkStatus::kInProgress : store::WorkStatus::kResolved;
      change.assignee = alert.id % 2 == 0 ? "mira" : "jonas";
      if (alert.id % 11 != 0)
        change.classification = alert.id % 3 == 0 ? "false_positive" : "true_positive";
      const auto changed = alerts.change(alert.uid, change);
      if (!changed.ok()) return tl::unexpected<Error>(changed.error());
    }
    cursor = page->next;
  } while (cursor);
  return work_on_single_alerts(pool, now_ms);
}

Status work_on_stories(store::Pool& pool, const Json& stories, const std::vector<std::string>& uids,
                       int64_t now_ms) {
  store::AlertStore alerts(pool);
  store::IncidentStore incidents(pool);
  for (size_t i = 0; i < stories.size(); ++i) {
    const Json& story = stories[i];
    const auto first = alerts.get(uids[i]);
    if (!first.ok()) return tl::unexpected<Error>(first.error());
    const auto id = *first && (*first)->incident_uid
                        ? store::incident_id_from(*(*first)->incident_uid)
                        : std::nullopt;
    if (!id || !story.contains("status")) continue;
    store::IncidentChange change;
    change.work.status = store::status_from(story["status"].get<std::string>());
    change.work.assignee = story["assignee"].get<std::string>();
    if (story.contains("classification"))
      change.work.classification = story["classification"].get<std::string>();
    const auto changed = incidents.change(*id, change);
    if (!changed.ok()) return tl::unexpected<Error>(changed.error());
    const auto added = alerts.add_comment(
        "incident:" + *(*first)->incident_uid, story["assignee"].get<std::string>(),
        story["comment"].get<std::string>(), now_ms - 2 * kHourMs);
    if (!added.ok()) return tl::unexpected<Error>(added.error());
  }
  return add_suppression(pool, now_ms);
}

}  // namespace sonde::collector
