// A million indicators: time and memory to load them, and to ask whether a host is one.
#include <filesystem>
#include <fstream>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include "agent/detect/indicators.h"

namespace {

using sonde::detect::IndicatorSet;

constexpr size_t kIndicators = 1'000'000;

double resident_mebibytes() {
  uint64_t total = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

const std::string& list() {
  static const std::string path = [] {
    const auto file = std::filesystem::temp_directory_path() / "sonde_bench_indicators.txt";
    std::ofstream out(file);
    for (size_t i = 0; i < kIndicators; ++i) {
      out << (i % 2 == 0 ? fmt::format("host-{}.evil-{}.example\n", i, i % 1000)
                         : fmt::format("http://h{}.example/path/{}?id={}\n", i, i * 7, i));
    }
    return file.string();
  }();
  return path;
}

void load(benchmark::State& state) {
  for (auto _ : state) {
    const double before = resident_mebibytes();
    IndicatorSet set;
    if (!set.load_file(list()).ok()) state.SkipWithError("cannot load");
    set.seal();
    state.counters["indicators"] = static_cast<double>(set.size());
    state.counters["resident_MiB"] = resident_mebibytes() - before;
    benchmark::DoNotOptimize(set);
  }
}
BENCHMARK(load)->Unit(benchmark::kMillisecond)->Iterations(1);

void match(benchmark::State& state) {
  IndicatorSet set;
  if (!set.load_file(list()).ok()) state.SkipWithError("cannot load");
  set.seal();
  const auto address = sonde::detect::parse_address("https://a.b.c.example.org/some/path?x=1");
  for (auto _ : state) benchmark::DoNotOptimize(set.match(*address));
}
BENCHMARK(match);

}  // namespace
