// Language models that this host serves to the network without asking who calls (exposed_service).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "agent/detect/finding.h"
#include "agent/detect/lru_map.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

// Does a socket listen on `port` for more than loopback? `table` is the text of /proc/PID/net/tcp
// or tcp6 (proc_pid_net(5)).
bool listens_beyond_loopback(std::string_view table, uint16_t port);

class ExposureWatch {
 public:
  explicit ExposureWatch(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}

  // A finding for the server side of an exchange that was answered although it carried no
  // credential, where the server's socket is open to the network; each program and port once a day.
  std::optional<detect::Finding> look(const llm::Exchange& exchange);

 private:
  bool listens(uint32_t pid, uint16_t port) const;

  static constexpr size_t kServices = 1024;
  const std::filesystem::path proc_;
  detect::LruMap<WallTime> look_again_{kServices};  // by program and port
};

}  // namespace sonde::app
