#include "collector/export/exporter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "collector/export/ocsf_incident.h"
#include "collector/store/secrets.h"

namespace sonde::exporting {
namespace {

using std::chrono::milliseconds;

constexpr size_t kBatch = 200;
// More than one round of correlation changes: such a group is never cut (ExportStore).
constexpr size_t kIncidentBatch = 2000;
constexpr size_t kIncidentAlerts = 200;

std::string delivery_name(const std::string& name, std::span<const Record> records) {
  const char kind = records.front().kind == RecordKind::kAlert ? 'a' : 'i';
  return fmt::format("{}-{}{}-{}-{}", name, kind, records.front().position, records.back().position,
                     records.size());
}

}  // namespace

Record to_record(const store::ExportedAlert& exported) {
  const store::Alert& alert = exported.alert;
  Record record;
  record.position = alert.id;
  record.uid = alert.uid;
  record.time_ms = alert.time_ms;
  record.observed_ms = alert.received_ms;
  record.name = alert.alert;
  record.title = alert.title;
  record.severity = static_cast<Severity>(alert.severity);
  record.status = store::to_string(alert.status);
  record.host = alert.host;
  record.application = alert.application;
  record.provider = alert.provider;
  record.model = alert.model;
  record.zone = alert.zone;
  record.score = alert.score;
  record.evidence = alert.evidence_preview;
  record.incident_uid = alert.incident_uid.value_or("");
  record.json = exported.ocsf;
  return record;
}

Record to_record(const store::ChangedIncident& changed,
                 const std::vector<store::IncidentAlert>& alerts,
                 const std::vector<std::string>& ocsf) {
  const store::Incident& incident = changed.incident;
  Record record;
  record.kind = RecordKind::kIncident;
  record.position = changed.change;
  record.uid = incident.uid();
  record.time_ms = incident.last_ms;
  record.observed_ms = incident.last_ms;
  record.name = "incident";
  record.title = incident.title;
  record.severity = static_cast<Severity>(incident.severity);
  record.status = store::to_string(incident.status);
  record.incident_uid = incident.uid();
  if (!alerts.empty()) {
    record.host = alerts.front().alert.host;
    record.application = alerts.front().alert.application;
  }
  record.json = ocsf_incident(incident, alerts, ocsf)
                    .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return record;
}

Exporter::Exporter(store::Pool& pool, const ExportConfig& config, std::unique_ptr<Target> target,
                   std::function<int64_t()> now_ms, std::function<void(const std::string&)> report,
                   const ExporterTimes& times)
    : exports_(pool),
      incidents_(pool),
      alerts_(pool),
      config_(config),
      target_(std::move(target)),
      now_ms_(std::move(now_ms)),
      report_(std::move(report)),
      times_(times),
      owner_(store::random_secret(12)),
      pause_(times.first_pause),
      thread_([this] { run(); }) {}

Exporter::~Exporter() {
  begin_stop();
  thread_.join();
}

void Exporter::begin_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  target_->cancel();
}

bool Exporter::stopped_within(milliseconds pause) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, pause, [this] { return stopping_; });
}

void Exporter::run() {
  while (!stopped_within(round())) {
  }
  // Another replica may go on at once; if this fails, when the lease ends.
  (void)exports_.release(config_.name(), owner_);
}

// One batch of each kind. Answers how long to wait before the next.
milliseconds Exporter::round() {
  auto position = hold();
  if (!position.ok()) return failed(position.error().message);
  if (!*position) return times_.standby;
  const auto alerts = export_alerts(**position);
  if (!alerts.ok()) return failed(alerts.error().message);
  const auto incidents = export_incidents(**position);
  if (!incidents.ok()) return failed(incidents.error().message);
  if (!std::exchange(trouble_, {}).empty()) report_("");
  pause_ = times_.first_pause;
  return *alerts || *incidents ? milliseconds(0) : times_.poll;
}

Result<std::optional<store::ExportPosition>> Exporter::hold() {
  store::ExportPosition start;
  if (config_.from_now) {
    const auto newest = exports_.newest();
    if (!newest.ok()) return tl::unexpected<Error>(newest.error());
    start = *newest;
  }
  const int64_t now = now_ms_();
  return exports_.hold(config_.name(), owner_, now, now + times_.lease.count(), start);
}

bool Exporter::wanted(const Record& record, bool suppressed) const {
  return record.severity >= static_cast<Severity>(config_.min_severity) &&
         (config_.suppressed || !suppressed);
}

// True: there may be more at once.
Result<bool> Exporter::export_alerts(store::ExportPosition& position) {
  const auto alerts = exports_.alerts_after(position.last_alert_id, kBatch);
  if (!alerts.ok()) return tl::unexpected<Error>(alerts.error());
  if (alerts->empty()) return false;
  std::vector<Record> records;
  for (const store::ExportedAlert& exported : *alerts) {
    const bool suppressed = exported.alert.status == store::WorkStatus::kSuppressed;
    Record record = to_record(exported);
    if (config_.alerts && wanted(record, suppressed)) records.push_back(std::move(record));
  }
  Progress progress;
  if (const Status sent = deliver(records, progress); !sent.ok()) {
    return tl::unexpected<Error>(sent.error());
  }
  position.last_alert_id = alerts->back().alert.id;
  if (const Status kept = keep(position, progress); !kept.ok()) {
    return tl::unexpected<Error>(kept.error());
  }
  return alerts->size() == kBatch;
}

Result<bool> Exporter::export_incidents(store::ExportPosition& position) {
  const auto changed = exports_.incidents_after(position.last_change, kIncidentBatch);
  if (!changed.ok()) return tl::unexpected<Error>(changed.error());
  if (changed->empty()) return false;
  std::vector<Record> records;
  for (const store::ChangedIncident& entry : *changed) {
    if (!config_.incidents) break;
    const auto alerts = incidents_.alerts(entry.incident.id, kIncidentAlerts);
    if (!alerts.ok()) return tl::unexpected<Error>(alerts.error());
    const auto texts = telling_texts(alerts_, *alerts);
    if (!texts.ok()) return tl::unexpected<Error>(texts.error());
    Record record = to_record(entry, *alerts, *texts);
    const bool suppressed = entry.incident.status == store::WorkStatus::kSuppressed;
    if (wanted(record, suppressed)) records.push_back(std::move(record));
  }
  Progress progress;
  if (const Status sent = deliver(records, progress); !sent.ok()) {
    return tl::unexpected<Error>(sent.error());
  }
  position.last_change = changed->back().change;
  if (const Status kept = keep(position, progress); !kept.ok()) {
    return tl::unexpected<Error>(kept.error());
  }
  return true;
}

// Halves what the target refuses until the record stands alone that it will not take.
Status Exporter::deliver(const std::vector<Record>& records, Progress& progress) {
  const std::span all(records);
  size_t size = std::min(all.size(), kBatch);
  for (size_t at = 0; at < all.size();) {
    size = std::min(size, all.size() - at);
    const auto batch = all.subspan(at, size);
    const Outcome outcome = target_->send(batch, delivery_name(config_.name(), batch));
    asked_wait_ = outcome.wait;
    if (outcome.verdict == Verdict::kTryAgain) return fail(outcome.trouble);
    if (outcome.verdict == Verdict::kRefused && size > 1) {
      size /= 2;
      continue;
    }
    const size_t refused = outcome.verdict == Verdict::kRefused ? size : outcome.refused;
    progress.refused += refused;
    progress.sent += size - refused;
    at += size;
    size = std::min(2 * size, kBatch);
  }
  return {};
}

Status Exporter::keep(const store::ExportPosition& position, const Progress& progress) {
  const auto kept =
      exports_.advance(config_.name(), owner_, position, static_cast<int64_t>(progress.sent),
                       static_cast<int64_t>(progress.refused), now_ms_());
  if (!kept.ok()) return tl::unexpected<Error>(kept.error());
  if (!*kept) return fail("another replica took this export over");
  return {};
}

milliseconds Exporter::failed(const std::string& trouble) {
  if (trouble != trouble_) {
    trouble_ = trouble;
    report_(trouble);
    (void)exports_.note_trouble(config_.name(), owner_, trouble);  // the log has it too
  }
  const milliseconds pause = std::max(pause_, milliseconds(asked_wait_));
  pause_ = std::min(2 * pause_, times_.longest_pause);
  return std::min(pause, 10 * times_.longest_pause);
}

}  // namespace sonde::exporting
