// The agent's own HTTP endpoint, for Prometheus and for probes: GET /metrics, /healthz, /readyz.
// No authentication, therefore meant for loopback or a pod's address behind a network policy.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sonde::app {

struct Health {
  bool alive = true;               // /healthz: false asks for a restart
  bool ready = false;              // /readyz: probes are attached and records are delivered or kept
  std::string reason;              // why not, for a person; no text of an exchange
  std::vector<std::string> notes;  // what does not work, but does not keep the agent from its job
};

// Called on the server's thread, once for each request; must not block for long.
struct MetricsSource {
  std::function<std::string()> metrics;  // render_openmetrics()
  std::function<Health()> health;
};

// One thread, bounded connections, each with a deadline: a slow or hostile client costs no more
// than its connection.
class MetricsServer {
 public:
  // `listen`: "127.0.0.1:9464", "[::1]:0". The error says what to change.
  static Result<std::unique_ptr<MetricsServer>> start(const std::string& listen,
                                                      MetricsSource source);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  uint16_t port() const;

 private:
  class Listener;
  explicit MetricsServer(std::unique_ptr<Listener> listener);
  std::unique_ptr<Listener> listener_;
};

}  // namespace sonde::app
