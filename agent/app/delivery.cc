#include "agent/app/delivery.h"

#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "agent/egress/target_config.h"
#include "agent/sink/collector_carrier.h"
#include "agent/sink/curl_transport.h"
#include "agent/sink/file.h"
#include "agent/sink/file_sink.h"
#include "agent/sink/target_carrier.h"

namespace sonde::app {
namespace {

constexpr size_t kTargetBatch = 200;

using SpooledSinkPtr = std::unique_ptr<sink::SpooledSink>;

Result<SpooledSinkPtr> spooled_sink(const sink::SpoolConfig& spool_config,
                                    std::unique_ptr<sink::Carrier> carrier,
                                    sink::SpooledSinkConfig config, Counters& counters) {
  auto spool = sink::Spool::open(spool_config, counters);
  if (!spool.ok()) return tl::unexpected(spool.error());
  config.rejected_path = spool_config.directory + "/rejected.jsonl";
  return std::make_unique<sink::SpooledSink>(std::move(*spool), std::move(carrier), config,
                                             counters);
}

Result<SpooledSinkPtr> collector_sink(const config::Config& config, Counters& counters) {
  auto transport = sink::CurlTransport::create(collector_client_config(config.collector));
  if (!transport.ok()) return tl::unexpected(transport.error());
  return spooled_sink({config.spool_directory(), config.spool.max_bytes},
                      std::make_unique<sink::CollectorCarrier>(std::move(*transport)), {},
                      counters);
}

detect::Severity severity_from(std::string_view name) {
  using detect::Severity;
  for (const Severity severity :
       {Severity::kLow, Severity::kMedium, Severity::kHigh, Severity::kCritical}) {
    if (detect::to_string(severity) == name) return severity;
  }
  return Severity::kInformational;
}

Result<SpooledSinkPtr> target_sink(const config::Config& config, const config::TargetOutput& output,
                                   Counters& counters) {
  auto target = egress::make_target(output.target, {"sonde", SONDE_VERSION});
  if (!target.ok()) return tl::unexpected(target.error());
  sink::SpooledSinkConfig options;
  options.name = output.target.name;
  options.alerts_only = true;
  options.min_severity = severity_from(output.min_severity);
  options.batch_records = kTargetBatch;
  auto carrier = std::make_unique<sink::TargetCarrier>(output.target.name, std::move(*target));
  return spooled_sink({config.spool_directory(output), output.max_bytes}, std::move(carrier),
                      options, counters);
}

Result<std::unique_ptr<sink::Sink>> file_sink(const config::FileOutput& config,
                                              Counters& counters) {
  sink::FileSinkConfig options;
  options.path = config.path;
  options.max_bytes = config.max_bytes;
  options.files = config.files;
  auto sink = sink::FileSink::create(options, counters);
  if (!sink.ok()) return tl::unexpected(sink.error());
  return std::unique_ptr<sink::Sink>(std::move(*sink));
}

}  // namespace

sink::CollectorClientConfig collector_client_config(const config::Collector& collector) {
  sink::CollectorClientConfig options;
  options.url = collector.url;
  options.ca = collector.ca;
  options.cert = collector.cert;
  options.key = collector.key;
  options.token_file = collector.token_file;
  return options;
}

Delivery::~Delivery() { stop(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<Delivery>> Delivery::start(const config::Config& config,
                                                  Counters& counters) {
  std::unique_ptr<Delivery> delivery(new Delivery());
  const auto add = [&](std::string name, std::unique_ptr<sink::Sink> sink) {
    delivery->names_.push_back(std::move(name));
    delivery->outboxes_.push_back(
        std::make_unique<sink::Outbox>(std::move(sink), sink::OutboxConfig{}, counters));
  };
  const auto add_spooled = [&](std::string name, Result<SpooledSinkPtr> sink) -> Status {
    if (!sink.ok()) return tl::unexpected(sink.error());
    delivery->spooled_.push_back(sink->get());
    add(std::move(name), std::move(*sink));
    return {};
  };
  const auto folder = sink::File::open_private_directory(config.state_directory);
  const bool spools = !config.collector.url.empty() || !config.sinks.targets.empty();
  if (spools && !folder.ok()) return tl::unexpected(folder.error());
  if (!config.collector.url.empty()) {
    const Status added = add_spooled(config.collector.url, collector_sink(config, counters));
    if (!added.ok()) return tl::unexpected(added.error());
  }
  for (const config::TargetOutput& output : config.sinks.targets) {
    const Status added = add_spooled(fmt::format("{} ({})", output.target.name, output.target.type),
                                     target_sink(config, output, counters));
    if (!added.ok()) return tl::unexpected(added.error());
  }
  if (!config.sinks.file.path.empty()) {
    auto sink = file_sink(config.sinks.file, counters);
    if (!sink.ok()) return tl::unexpected(sink.error());
    add(config.sinks.file.path, std::move(*sink));
  }
  if (config.sinks.standard_output) {
    add("standard output",
        std::make_unique<sink::StreamSink>("standard output", STDOUT_FILENO, true, counters));
  }
  return delivery;
}

void Delivery::push(const sink::Record& record) {
  for (const auto& outbox : outboxes_) outbox->push(record);
}

// All at once: sinks whose other side hangs take their grace, and it does not add up.
void Delivery::stop(std::chrono::milliseconds grace) {
  std::vector<std::jthread> stopping;
  stopping.reserve(outboxes_.size());
  for (const auto& outbox : outboxes_) {
    stopping.emplace_back([&outbox, grace] { outbox->stop(grace); });
  }
}

std::vector<Delivery::SinkState> Delivery::states() const {
  std::vector<SinkState> states;
  states.reserve(spooled_.size());
  for (const sink::SpooledSink* sink : spooled_) {
    states.push_back({std::string(sink->name()), sink->state()});
  }
  return states;
}

std::string Delivery::summary() const {
  return names_.empty() ? "nowhere (no collector and no sink is configured)"
                        : fmt::format("{}", fmt::join(names_, ", "));
}

}  // namespace sonde::app
