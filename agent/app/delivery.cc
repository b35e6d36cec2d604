#include "agent/app/delivery.h"

#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "agent/sink/curl_transport.h"
#include "agent/sink/file.h"
#include "agent/sink/file_sink.h"

namespace sonde::app {
namespace {

Result<std::unique_ptr<sink::CollectorSink>> collector_sink(const config::Config& config,
                                                            Counters& counters) {
  const auto folder = sink::File::open_private_directory(config.state_directory);
  if (!folder.ok()) return tl::unexpected(folder.error());
  auto spool = sink::Spool::open({config.spool_directory(), config.spool.max_bytes}, counters);
  if (!spool.ok()) return tl::unexpected(spool.error());
  sink::CurlTransportConfig options;
  options.url = config.collector.url;
  options.ca = config.collector.ca;
  options.cert = config.collector.cert;
  options.key = config.collector.key;
  options.token_file = config.collector.token_file;
  auto transport = sink::CurlTransport::create(options);
  if (!transport.ok()) return tl::unexpected(transport.error());
  sink::CollectorSinkConfig sink_config;
  sink_config.rejected_path = config.spool_directory() + "/rejected.jsonl";
  return std::make_unique<sink::CollectorSink>(std::move(*spool), std::move(*transport),
                                               sink_config, counters);
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

Delivery::~Delivery() { stop(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<Delivery>> Delivery::start(const config::Config& config,
                                                  Counters& counters) {
  std::unique_ptr<Delivery> delivery(new Delivery());
  const auto add = [&](std::string name, std::unique_ptr<sink::Sink> sink) {
    delivery->names_.push_back(std::move(name));
    delivery->outboxes_.push_back(
        std::make_unique<sink::Outbox>(std::move(sink), sink::OutboxConfig{}, counters));
  };
  if (!config.collector.url.empty()) {
    auto sink = collector_sink(config, counters);
    if (!sink.ok()) return tl::unexpected(sink.error());
    delivery->collector_ = sink->get();
    add(config.collector.url, std::move(*sink));
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

void Delivery::stop(std::chrono::milliseconds grace) {
  const auto end = std::chrono::steady_clock::now() + grace;
  for (const auto& outbox : outboxes_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    outbox->stop(std::max(left, std::chrono::milliseconds(0)));
  }
}

uint64_t Delivery::waiting() const { return collector_ ? collector_->state().waiting : 0; }

std::string Delivery::summary() const {
  return names_.empty() ? "nowhere (no collector and no sink is configured)"
                        : fmt::format("{}", fmt::join(names_, ", "));
}

}  // namespace sonde::app
