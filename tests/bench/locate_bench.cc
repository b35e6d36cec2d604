// Time to locate TLS in real files: those named in SONDE_BENCH_FILES (separated by ':'), else Node
// and libssl of this machine. No cache; the page cache is warm after the first round.
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "agent/attach/locator.h"

namespace {

std::vector<std::string> files() {
  const char* named = std::getenv("SONDE_BENCH_FILES");
  std::stringstream list(named != nullptr ? named
                                          : "/usr/bin/node:/usr/lib/x86_64-linux-gnu/libssl.so.3:"
                                            "/usr/lib/aarch64-linux-gnu/libssl.so.3");
  std::vector<std::string> all;
  for (std::string name; std::getline(list, name, ':');) {
    if (std::filesystem::exists(name)) all.push_back(name);
  }
  return all;
}

void locate_file(benchmark::State& state, const std::string& file) {
  size_t targets = 0;
  for (auto round : state) {
    const auto report = sonde::attach::locate(file);
    if (!report.ok()) return state.SkipWithError(report.error().message.c_str());
    targets = report->targets.size();
  }
  state.counters["targets"] = static_cast<double>(targets);
  state.SetBytesProcessed(
      static_cast<int64_t>(state.iterations() * std::filesystem::file_size(file)));
}

const bool kRegistered = [] {
  for (const std::string& file : files()) {
    benchmark::RegisterBenchmark(("locate/" + file).c_str(), locate_file, file)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  return true;
}();

}  // namespace
