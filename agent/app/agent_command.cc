// `sonde agent`: the daemon. Hears this host, judges every exchange, delivers alerts.
#include <malloc.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "agent/app/agent.h"
#include "agent/app/commands.h"
#include "agent/app/signals.h"

namespace sonde::app {
namespace {

// Plaintext must not end up in a core file, nor be read by a debugger of the same user.
void forbid_core_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

// Bodies grow to many MiB and go again. Left to itself the allocator raises this threshold after
// the first of them and keeps the later ones in its heaps: a third more memory under a flood.
void give_large_memory_back() {
  constexpr int kLarge = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, kLarge);
}

void set_up_log(const std::string& level) {
  auto logger =
      std::make_shared<spdlog::logger>("sonde", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace

int run_agent(const config::Layers& layers) {
  forbid_core_dumps();
  give_large_memory_back();
  block_signals();
  auto config = config::load_config(layers);
  if (!config.ok()) return complain(config.error().message, kExitUsage);
  set_up_log(config->log_level);
  Agent agent(layers, std::move(*config));
  if (auto started = agent.start(); !started) {
    return complain(started.error().message, kExitFailure);
  }
  agent.run();
  agent.stop();
  return kExitGood;
}

}  // namespace sonde::app
