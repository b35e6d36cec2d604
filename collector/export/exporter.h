// Carries what the store holds to one target, in order of arrival, from a cursor in the store: a
// restart, another replica or a long outage of the target loses nothing. At least once: what was
// sent but whose cursor could not be written is sent again under the same delivery id.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/egress/target.h"
#include "collector/export/export_config.h"
#include "collector/store/alerts.h"
#include "collector/store/exports.h"
#include "collector/store/incidents.h"

namespace sonde::exporting {

struct ExporterTimes {
  std::chrono::milliseconds poll{1000};         // while there is nothing new
  std::chrono::milliseconds standby{5000};      // while another replica exports
  std::chrono::milliseconds first_pause{1000};  // after a failure; doubles
  std::chrono::milliseconds longest_pause{60'000};
  std::chrono::milliseconds lease{120'000};  // longer than any send() takes
};

using egress::Outcome;
using egress::Record;
using egress::RecordKind;
using egress::Target;
using egress::Verdict;

// Owns one thread and the target.
class Exporter {
 public:
  // `report` is told when delivery begins to fail, and with "" when it goes on; never any content.
  Exporter(store::Pool& pool, const ExportConfig& config, std::unique_ptr<Target> target,
           std::function<int64_t()> now_ms, std::function<void(const std::string&)> report,
           const ExporterTimes& times = {});
  ~Exporter();
  // Any thread: what is under way is given up, and the export goes on at the next start. The
  // destructor waits for it.
  void begin_stop();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

 private:
  struct Progress {
    size_t sent = 0;
    size_t refused = 0;
  };

  void run();
  std::chrono::milliseconds round();
  Result<std::optional<store::ExportPosition>> hold();
  Result<bool> export_alerts(store::ExportPosition& position);
  Result<bool> export_incidents(store::ExportPosition& position);
  Status deliver(const std::vector<Record>& records, Progress& progress);
  Status keep(const store::ExportPosition& position, const Progress& progress);
  bool wanted(const Record& record, bool suppressed) const;
  std::chrono::milliseconds failed(const std::string& trouble);
  bool stopped_within(std::chrono::milliseconds pause);

  store::ExportStore exports_;
  store::IncidentStore incidents_;
  store::AlertStore alerts_;
  const ExportConfig config_;
  const std::unique_ptr<Target> target_;
  const std::function<int64_t()> now_ms_;
  const std::function<void(const std::string&)> report_;
  const ExporterTimes times_;
  const std::string owner_;  // this exporter among all replicas
  std::chrono::milliseconds pause_;
  std::chrono::seconds asked_wait_{0};
  std::string trouble_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

Record to_record(const store::ExportedAlert& exported);
Record to_record(const store::ChangedIncident& changed,
                 const std::vector<store::IncidentAlert>& alerts,
                 const std::vector<std::string>& ocsf);

}  // namespace sonde::exporting
