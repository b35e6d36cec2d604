// The HTTPS listener: HTTP/1.1 over TLS, everything a peer can grow bounded.
//
// Owns its threads. Handlers run on threads of their own, so that a slow store never stops a
// handshake.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/base/result.h"
#include "collector/api/service.h"
#include "collector/api/tls.h"

namespace sonde::api {

struct ServerConfig {
  std::string address = "127.0.0.1";
  uint16_t port = 8443;
  size_t connections = 2048;
  size_t header_bytes = 32 << 10;
  size_t io_threads = 2;
  size_t handler_threads = 8;
  std::chrono::seconds handshake_timeout{10};
  std::chrono::seconds header_timeout{20};
  std::chrono::seconds body_timeout{60};
  std::chrono::seconds write_timeout{60};
  std::chrono::seconds idle_timeout{120};
};

class Server {
 public:
  // Listens when it returns.
  static Result<std::unique_ptr<Server>> start(const ServerConfig& config, TlsContext tls,
                                               Service& service);
  // Drains: no new connection, idle ones closed, running requests answered, at most 10 seconds.
  ~Server();

  // New connections use `tls`.
  void set_tls(TlsContext tls);
  // The port in use, where the configuration said 0.
  uint16_t port() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::api
