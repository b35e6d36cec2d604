// `sonde config`: what stands in the configuration, and what is wrong with it.
#include <fmt/format.h>

#include "agent/alert/suppression.h"
#include "agent/app/commands.h"
#include "agent/app/judge.h"
#include "agent/config/config.h"
#include "agent/detect/engine.h"

namespace sonde::app {

int run_config_check(const std::string& path) {
  const auto config = config::load_config(path);
  if (!config.ok()) {
    fmt::print(stderr, "{}\n", config.error().message);
    return kExitUsage;
  }
  // Names of alerts and indicator files are known to the engine only.
  Counters counters;
  const std::string no_key(32, '\0');  // fingerprints nothing here
  const auto engine =
      detect::Engine::create(engine_config(*config, no_key), config->limits, counters);
  if (!engine.ok()) {
    fmt::print(stderr, "{}: detect: {}\n", path, engine.error().message);
    return kExitUsage;
  }
  const auto suppressions = alert::Suppressions::load(config->detect.suppression_files, no_key);
  if (!suppressions.ok()) {
    fmt::print(stderr, "{}\n", suppressions.error().message);
    return kExitUsage;
  }
  fmt::print("{}: good\n", path.empty() ? "defaults" : path);
  return kExitGood;
}

int run_config_show(const std::string& path, bool effective) {
  config::Layers layers;
  layers.file = path;
  const auto loaded = config::load_effective(layers);
  if (!loaded.ok()) {
    fmt::print(stderr, "{}\n", loaded.error().message);
    return kExitUsage;
  }
  fmt::print("{}", config::document_of(loaded->settings, effective));
  return kExitGood;
}

int run_config_example() {
  fmt::print("{}", config::example_config());
  return kExitGood;
}

}  // namespace sonde::app
