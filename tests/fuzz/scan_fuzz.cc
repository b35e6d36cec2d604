// Any bytes as one line of `sonde scan`: all detectors, finite, with valid JSON out of it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/detect/scan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sonde::detect::Engine;
  static const sonde::Limits limits;
  static sonde::Counters counters;
  static const auto engine = [] {
    sonde::detect::EngineConfig config;
    config.fingerprint_key = "a key of more than sixteen bytes";
    return Engine::create(config, limits, counters);
  }();
  if (!engine.ok()) std::abort();
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto answer = sonde::detect::scan_line(**engine, line);
  if (answer.ok() && answer->empty()) std::abort();
  return 0;
}
