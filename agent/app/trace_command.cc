// `sonde trace` and `sonde record`: a live host, shown or written down.
#include <thread>

#include <fmt/format.h>
#include <fnmatch.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "agent/app/capabilities.h"
#include "agent/app/commands.h"
#include "agent/app/exchange_printer.h"
#include "agent/app/live_capture.h"
#include "agent/app/pipeline.h"
#include "agent/app/signals.h"
#include "agent/attach/proc_fs.h"
#include "agent/capture/record_file.h"

namespace sonde::app {
namespace {

constexpr std::chrono::milliseconds kTakeWait{200};
constexpr std::chrono::milliseconds kSignalWait{100};

// Waits for SIGINT, SIGTERM or the end of the duration, then stops hearing.
std::jthread stop_at_end(LiveCapture& live, double duration_seconds) {
  return std::jthread([&live, duration_seconds](const std::stop_token& stop) {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::duration<double>(duration_seconds);
    while (!stop.stop_requested()) {
      if (wait_for_signal(kSignalWait) == Signal::kStop) break;
      live.follow_clock();
      if (duration_seconds > 0 && std::chrono::steady_clock::now() >= end) break;
    }
    live.stop();
  });
}

// What was lost, by reason; silent when nothing was.
void print_losses(const Counters& counters) {
  for (const Count count :
       {Count::kBytesLostRingFull, Count::kBytesLostFault, Count::kBytesLostTooLong,
        Count::kCallsLostNoEntry, Count::kCallsLostMapFull, Count::kBytesLostQueueFull,
        Count::kStreamBytesLost, Count::kEventsMalformed}) {
    if (const uint64_t value = counters.value(count); value > 0) {
      fmt::print(stderr, "lost: {} {}\n", kCounterInfo[static_cast<size_t>(count)].name, value);
    }
  }
}

bool matches(const std::string& pattern, const std::string& text) {
  return pattern.empty() || fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

bool wanted(const TraceOptions& options, const llm::Process& process) {
  return (!options.pid || process.pid == *options.pid) && matches(options.exe_glob, process.exe);
}

bool wanted(const TraceOptions& options, const llm::Exchange& exchange) {
  return wanted(options, exchange.process) && matches(options.host_glob, exchange.network.host) &&
         (matches(options.model_glob, exchange.request_model) ||
          matches(options.model_glob, exchange.response_model));
}

// Standard output is for exchanges.
void log_to_stderr() {
  auto logger =
      std::make_shared<spdlog::logger>("sonde", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("sonde: %v");
  spdlog::set_default_logger(std::move(logger));
}

Result<std::unique_ptr<LiveCapture>> start_live(const config::Layers& layers,
                                                const std::vector<uint32_t>& plain_http_ports,
                                                Counters& counters) {
  log_to_stderr();
  const auto config = config::load_config(layers);
  if (!config.ok()) return tl::unexpected<Error>(config.error());
  LiveCaptureOptions options;
  options.plain_http_ports = plain_http_ports;
  options.identity = identity_options(*config);
  return LiveCapture::start(options, counters);
}

void print_listening(const LiveCapture& live) {
  for (const std::string& sentence : missing_capabilities())
    fmt::print(stderr, "sonde: {}\n", sentence);
  fmt::print(stderr, "{}\n", live.summary());
}

}  // namespace

int run_trace(const TraceOptions& options) {
  if (options.pid && !attach::ProcFs().identity(*options.pid)) {
    return complain(fmt::format("no process has the pid {}; see `ps -e`", *options.pid),
                    kExitFailure);
  }
  block_signals();
  Counters counters;
  const Limits limits;
  auto printer = ExchangePrinter::create(options.view, limits, counters, stdout);
  if (!printer.ok()) return complain(printer.error().message, kExitFailure);
  auto live = start_live(options.config, options.plain_http_ports, counters);
  if (!live.ok()) return complain(live.error().message, kExitFailure);
  uint64_t shown = 0;
  Pipeline pipeline(
      limits, counters,
      [&](llm::Exchange&& exchange) {
        if (!wanted(options, exchange)) return;
        ++shown;
        printer->print(exchange);
      },
      [&](const capture::ConnectionKey& key) {
        (*live)->probes().ignore(key.tgid, key.handle, key.generation_ns);
      });
  print_listening(**live);
  if (!options.view.json && isatty(STDOUT_FILENO) != 0) {
    pipeline.set_progress([&](const llm::Process& process, const llm::Progress& progress) {
      if (wanted(options, process)) printer->progress(process, progress);
    });
  }
  const std::jthread stopper = stop_at_end(**live, options.duration_seconds);
  std::vector<std::byte> records;
  while ((*live)->queue().take(records, kTakeWait)) pipeline.on_records(records);
  pipeline.finish();
  const uint64_t seen = counters.value(Count::kExchangesSeen);
  fmt::print(stderr, "{} exchanges{}\n", shown,
             shown == seen ? "" : fmt::format(" of {} heard", seen));
  print_losses(counters);
  return kExitGood;
}

int run_record(const RecordOptions& options) {
  block_signals();
  Counters counters;
  auto writer = capture::RecordWriter::create(options.output);
  if (!writer.ok()) return complain(writer.error().message, kExitFailure);
  auto live = start_live(options.config, options.plain_http_ports, counters);
  if (!live.ok()) return complain(live.error().message, kExitFailure);
  print_listening(**live);
  const std::jthread stopper = stop_at_end(**live, options.duration_seconds);
  std::vector<std::byte> records;
  while ((*live)->queue().take(records, kTakeWait)) {
    if (auto written = writer->write(records); !written)
      return complain(written.error().message, kExitFailure);
  }
  if (auto finished = writer->finish(); !finished)
    return complain(finished.error().message, kExitFailure);
  fmt::print(stderr, "recorded {} events into {}\n", counters.value(Count::kEventsReceived),
             options.output);
  print_losses(counters);
  return kExitGood;
}

}  // namespace sonde::app
