// Commands that hear nothing and need no root: replay, scan, locate.
#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "agent/app/commands.h"
#include "agent/app/exchange_printer.h"
#include "agent/app/host_facts.h"
#include "agent/app/judge.h"
#include "agent/app/pipeline.h"
#include "agent/attach/locate_json.h"
#include "agent/attach/locator.h"
#include "agent/capture/record_file.h"
#include "agent/detect/scan.h"

namespace sonde::app {
namespace {

// Fingerprints of `sonde scan` compare within the files scanned by one build; they guard no secret
// store, so the key need not be one.
constexpr std::string_view kScanFingerprintKey = "sonde scan: fingerprints of offline scans";

std::string error_line(uint64_t line, const std::string& message) {
  return nlohmann::json{{"line", line}, {"error", message}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int scan_stream(std::istream& input, detect::Engine& engine) {
  int code = kExitGood;
  std::string line;
  for (uint64_t number = 1; std::getline(input, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto answer = detect::scan_line(engine, line);
    if (answer.ok()) {
      fmt::print("{}\n", *answer);
    } else {
      fmt::print("{}\n", error_line(number, answer.error().message));
      code = kExitFailure;
    }
  }
  if (input.bad()) return complain("the input cannot be read to its end", kExitFailure);
  return code;
}

int replay(const std::string& file, Counters& counters, const Pipeline::ExchangeSink& sink,
           const Pipeline::ProcessSink& processes = {}) {
  const Limits limits;
  auto reader = capture::RecordReader::open(file);
  if (!reader.ok()) return complain(reader.error().message, kExitFailure);
  Pipeline pipeline(limits, counters, sink);
  pipeline.set_process_sink(processes);
  int code = kExitGood;
  for (;;) {
    const auto record = reader->next();
    if (!record.ok()) code = complain(record.error().message, kExitFailure);
    if (!record.ok() || record->empty()) break;
    pipeline.on_record(*record);
  }
  pipeline.finish();
  return code;
}

int replay_alerts(const std::string& file, Counters& counters) {
  auto judge = Judge::create(config::Config{}, std::string(kScanFingerprintKey),
                             host_facts(std::string()), counters);
  if (!judge.ok()) return complain(judge.error().message, kExitFailure);
  const Judge::AlertSink print = [](alert::Alert&& alert) { fmt::print("{}\n", alert.json); };
  return replay(
      file, counters, [&](llm::Exchange&& exchange) { (*judge)->inspect(exchange, print); },
      [&](const llm::Process& process, WallTime now) {
        (*judge)->inspect_process(process, now, print);
      });
}

}  // namespace

int complain(const std::string& message, int code) {
  fmt::print(stderr, "sonde: {}\n", message);
  return code;
}

int run_replay(const ReplayOptions& options) {
  Counters counters;
  if (options.alerts) return replay_alerts(options.file, counters);
  const Limits limits;
  auto printer = ExchangePrinter::create(options.view, limits, counters, stdout);
  if (!printer.ok()) return complain(printer.error().message, kExitFailure);
  return replay(options.file, counters,
                [&](llm::Exchange&& exchange) { printer->print(exchange); });
}

int run_scan(const std::string& file) {
  Counters counters;
  const Limits limits;
  detect::EngineConfig config;
  config.fingerprint_key = kScanFingerprintKey;
  auto engine = detect::Engine::create(config, limits, counters);
  if (!engine.ok()) return complain(engine.error().message, kExitFailure);
  if (file.empty() || file == "-") return scan_stream(std::cin, **engine);
  std::ifstream input(file);
  if (std::filesystem::is_directory(file))
    return complain(fmt::format("'{}' is a directory: name a file of JSON lines", file),
                    kExitFailure);
  if (!input)
    return complain(fmt::format("cannot open '{}': does it exist and may you read it?", file),
                    kExitFailure);
  return scan_stream(input, **engine);
}

int run_locate(const std::string& file, bool json) {
  const auto report = attach::locate(std::filesystem::path(file));
  if (!report.ok()) return complain(report.error().message, kExitFailure);
  if (!report->nothing_found.empty() && json)
    fmt::print(stderr, "sonde: {}: {}\n", file, report->nothing_found);
  if (json)
    fmt::print("{}\n", attach::to_json(file, *report));
  else
    fmt::print("{}", attach::to_text(file, *report));
  return report->targets.empty() ? kExitFailure : kExitGood;
}

}  // namespace sonde::app
