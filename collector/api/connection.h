// One TLS connection of the server. Only for .cc files: it brings Boost.Asio.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>

#include "collector/api/server.h"

namespace sonde::api {

// What all connections of a server share.
struct ConnectionShared {
  const ServerConfig& config;
  Service& service;
  boost::asio::thread_pool& handlers;
  std::atomic<bool>& draining;
};

// Serves the connection to its end. `idle` tells the server when the connection waits for a
// request (true) and when it works on one (false): a draining server closes idle ones.
boost::asio::awaitable<void> serve_connection(ConnectionShared shared,
                                              boost::asio::ip::tcp::socket socket, TlsContext tls,
                                              std::shared_ptr<std::atomic<bool>> idle);

}  // namespace sonde::api
