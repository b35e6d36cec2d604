// `sonde spool`: what waits for the collector and for each other target.
#include <cstdio>
#include <filesystem>
#include <vector>

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

// One spool of the configuration.
struct Place {
  std::string sink;  // "collector", or the target's name
  std::string directory;
  uint64_t max_bytes = 0;
};

std::vector<Place> places_of(const config::Config& config, const std::string& only) {
  std::vector<Place> places;
  const auto add = [&](Place place) {
    if (only.empty() || only == place.sink) places.push_back(std::move(place));
  };
  const std::string own = config.spool_directory();
  // Without an address as well, if there is something: it may have been taken away just now.
  if (!config.collector.url.empty() || config.sinks.targets.empty() ||
      std::filesystem::exists(own)) {
    add({"collector", own, config.spool.max_bytes});
  }
  for (const config::TargetOutput& output : config.sinks.targets) {
    add({output.target.name, config.spool_directory(output), output.max_bytes});
  }
  return places;
}

Json json_of(const sink::SpoolSummary& summary, const Place& place) {
  Json lanes = Json::object();
  for (size_t i = 0; i < sink::kLanes; ++i) {
    const sink::LaneSummary& lane = summary.lanes.at(i);
    lanes[std::string(sink::lane_name(i))] = {{"segments", lane.segments},
                                              {"bytes", lane.bytes},
                                              {"waiting", lane.waiting},
                                              {"delivered", lane.delivered}};
  }
  return {{"schema", "sonde.spool/1"},    {"sink", place.sink},
          {"directory", place.directory}, {"waiting", summary.waiting()},
          {"bytes", summary.bytes()},     {"max_bytes", place.max_bytes},
          {"damaged", summary.damaged},   {"rejected_bytes", summary.rejected_bytes},
          {"lanes", std::move(lanes)}};
}

void print_table(const sink::SpoolSummary& summary, const Place& place) {
  fmt::print("{} ({}): {} records wait, {} of {} bytes used\n", place.sink, place.directory,
             summary.waiting(), summary.bytes(), place.max_bytes);
  fmt::print("  {:<14} {:>10} {:>10} {:>12}\n", "", "waiting", "delivered", "bytes");
  for (size_t i = sink::kLanes; i-- > 0;) {
    const sink::LaneSummary& lane = summary.lanes.at(i);
    fmt::print("  {:<14} {:>10} {:>10} {:>12}\n", sink::lane_name(i), lane.waiting, lane.delivered,
               lane.bytes);
  }
  if (summary.damaged > 0) fmt::print("  {} damaged places or files\n", summary.damaged);
  if (summary.rejected_bytes > 0) {
    fmt::print("  refused for good: {}/rejected.jsonl ({} bytes)\n", place.directory,
               summary.rejected_bytes);
  }
}

Status show(const Place& place, const SpoolOptions& options) {
  const auto summary = options.records ? sink::summarize_spool(place.directory, print_record)
                                       : sink::summarize_spool(place.directory);
  if (!summary.ok()) return tl::unexpected<Error>(summary.error());
  if (options.records) return {};
  if (options.json) {
    fmt::print("{}\n", json_of(*summary, place).dump());
  } else {
    print_table(*summary, place);
  }
  return {};
}

}  // namespace

int run_spool(const SpoolOptions& options) {
  const auto effective = config::load_effective(options.config);
  if (!effective.ok()) {
    fmt::print(stderr, "{}\n", effective.error().message);
    return kExitUsage;
  }
  const std::vector<Place> places = places_of(effective->config, options.sink);
  if (places.empty()) {
    fmt::print(stderr, "sonde spool: the configuration has no sink '{}'\n", options.sink);
    return kExitUsage;
  }
  int code = kExitGood;
  for (const Place& place : places) {
    if (const Status shown = show(place, options); !shown.ok()) {
      fmt::print(stderr, "sonde spool: {}\n", shown.error().message);
      code = kExitFailure;
    }
  }
  return code;
}

}  // namespace sonde::app
