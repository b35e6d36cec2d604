// `sonde spool`: what waits for the collector.
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "agent/app/commands.h"
#include "agent/app/service/commands.h"
#include "agent/sink/record.h"
#include "agent/sink/spool_summary.h"

namespace sonde::app {
namespace {

using Json = nlohmann::json;

void print_record(const sink::EntryView& entry) {
  std::string line;
  sink::append_envelope({entry.kind, entry.severity, std::string(entry.json)}, line);
  fmt::print("{}", line);
}

Json json_of(const sink::SpoolSummary& summary, const config::Config& config) {
  Json lanes = Json::object();
  for (size_t i = 0; i < sink::kLanes; ++i) {
    const sink::LaneSummary& lane = summary.lanes.at(i);
    lanes[std::string(sink::lane_name(i))] = {{"segments", lane.segments},
                                              {"bytes", lane.bytes},
                                              {"waiting", lane.waiting},
                                              {"delivered", lane.delivered}};
  }
  return {{"schema", "sonde.spool/1"},
          {"directory", config.spool_directory()},
          {"waiting", summary.waiting()},
          {"bytes", summary.bytes()},
          {"max_bytes", config.spool.max_bytes},
          {"damaged", summary.damaged},
          {"rejected_bytes", summary.rejected_bytes},
          {"lanes", std::move(lanes)}};
}

void print_table(const sink::SpoolSummary& summary, const config::Config& config) {
  fmt::print("{}: {} records wait, {} of {} bytes used\n", config.spool_directory(),
             summary.waiting(), summary.bytes(), config.spool.max_bytes);
  fmt::print("  {:<14} {:>10} {:>10} {:>12}\n", "", "waiting", "delivered", "bytes");
  for (size_t i = sink::kLanes; i-- > 0;) {
    const sink::LaneSummary& lane = summary.lanes.at(i);
    fmt::print("  {:<14} {:>10} {:>10} {:>12}\n", sink::lane_name(i), lane.waiting, lane.delivered,
               lane.bytes);
  }
  if (summary.damaged > 0) fmt::print("  {} damaged places or files\n", summary.damaged);
  if (summary.rejected_bytes > 0) {
    fmt::print("  the collector refused records for good: {}/rejected.jsonl ({} bytes)\n",
               config.spool_directory(), summary.rejected_bytes);
  }
}

}  // namespace

int run_spool(const SpoolOptions& options) {
  const auto effective = config::load_effective(options.config);
  if (!effective.ok()) {
    fmt::print(stderr, "{}\n", effective.error().message);
    return kExitUsage;
  }
  const config::Config& config = effective->config;
  const auto summary = options.records
                           ? sink::summarize_spool(config.spool_directory(), print_record)
                           : sink::summarize_spool(config.spool_directory());
  if (!summary.ok()) {
    fmt::print(stderr, "sonde spool: {}\n", summary.error().message);
    return kExitFailure;
  }
  if (options.records) return kExitGood;
  if (options.json) {
    fmt::print("{}\n", json_of(*summary, config).dump());
  } else {
    print_table(*summary, config);
  }
  return kExitGood;
}

}  // namespace sonde::app
