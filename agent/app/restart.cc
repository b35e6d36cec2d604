#include "agent/app/restart.h"

namespace sonde::app {

bool needs_restart(const config::Config& now, const config::Config& next) {
  const config::Collector& a = now.collector;
  const config::Collector& b = next.collector;
  const bool same_collector = a.url == b.url && a.ca == b.ca && a.cert == b.cert &&
                              a.key == b.key && a.token_file == b.token_file &&
                              a.policy_key == b.policy_key;
  return !same_collector || next.agent_id != now.agent_id ||
         next.state_directory != now.state_directory ||
         next.spool_directory() != now.spool_directory() ||
         next.capture.ring_bytes != now.capture.ring_bytes ||
         next.capture.plain_http_ports != now.capture.plain_http_ports ||
         next.capture.stdio != now.capture.stdio ||
         next.capture.host_root != now.capture.host_root || next.kubernetes != now.kubernetes ||
         next.sinks.file.path != now.sinks.file.path ||
         next.sinks.standard_output != now.sinks.standard_output ||
         next.sinks.targets != now.sinks.targets || next.metrics.listen != now.metrics.listen ||
         next.taxii.collections != now.taxii.collections || next.detect.judges != now.detect.judges;
}

}  // namespace sonde::app
