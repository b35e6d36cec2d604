#include "collector/app/command_parts.h"

#include <chrono>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "collector/store/audit.h"

namespace sonde::collector {

int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string when(int64_t time_ms) {
  if (time_ms == 0) return "never";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z", fmt::gmtime(static_cast<time_t>(time_ms / 1000)));
}

Result<std::unique_ptr<store::Pool>> open_store(const Config& config) {
  return store::Pool::open(config.store(), 1);
}

Status audit(store::Pool& pool, const std::string& action, const std::string& object) {
  store::AuditEntry entry;
  entry.time_ms = wall_ms();
  entry.actor = local_actor();
  entry.action = action;
  entry.object = object;
  entry.source = "command line";
  return store::AuditStore(pool).add(entry);
}

std::string local_actor() { return fmt::format("local:{}", ::getuid()); }

}  // namespace sonde::collector
