#include "collector/api/server.h"

#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "collector/api/connection.h"

namespace sonde::api {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kShortagePause{200};

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerConfig& config, TlsContext tls, Service& service)
      : config_(config),
        service_(service),
        tls_(std::move(tls)),
        io_(static_cast<int>(config.io_threads)),
        handlers_(config.handler_threads),
        acceptor_(io_) {}

  Status listen() {
    error_code error;
    const auto address = asio::ip::make_address(config_.address, error);
    if (error) return fail(fmt::format("listen: '{}' is no IP address", config_.address));
    const tcp::endpoint endpoint(address, config_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(1024, error);
    if (error) {
      return fail(fmt::format("cannot listen on {}:{}: {}", config_.address, config_.port,
                              error.message()));
    }
    asio::co_spawn(io_, accept_all(), asio::detached);
    for (size_t i = 0; i < config_.io_threads; ++i) {
      threads_.emplace_back([this] { io_.run(); });
    }
    return {};
  }

  ~Impl() {
    draining_ = true;
    asio::post(io_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
    wait_for_connections();
    io_.stop();
    for (std::thread& thread : threads_) thread.join();
    handlers_.join();
  }

  void set_tls(TlsContext tls) {
    const std::lock_guard lock(mutex_);
    tls_ = std::move(tls);
  }
  uint16_t port() const {
    error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

 private:
  // A connection as the server sees it. close() ends it if it waits for a request.
  struct Open {
    std::function<void()> close;
  };

  static bool is_shortage(const error_code& error) {
    return error == asio::error::no_descriptors || error == asio::error::no_memory ||
           error == asio::error::no_buffer_space ||
           error == boost::system::errc::too_many_files_open_in_system;
  }

  asio::awaitable<void> pause() {
    service_.metrics().add(Counter::kAcceptsDelayed);
    asio::steady_timer timer(io_, kShortagePause);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  asio::awaitable<void> accept_all() {
    while (!draining_) {
      auto strand = asio::make_strand(io_);
      auto [error, socket] =
          co_await acceptor_.async_accept(strand, asio::as_tuple(asio::use_awaitable));
      if (error == asio::error::operation_aborted || draining_) co_return;
      if (error) {
        // Where the peer is gone already the next will do; where descriptors or memory are short,
        // the same connection stays in the queue, and asking at once would take a whole core.
        if (is_shortage(error)) co_await pause();
        continue;
      }
      start(std::move(socket), strand);
    }
  }

  void start(tcp::socket socket, const asio::strand<asio::io_context::executor_type>& strand) {
    TlsContext tls;
    std::list<Open>::iterator entry;
    const auto idle = std::make_shared<std::atomic<bool>>(true);
    const auto cancel = std::make_shared<asio::cancellation_signal>();
    {
      const std::lock_guard lock(mutex_);
      if (open_.size() >= config_.connections) {
        service_.metrics().add(Counter::kConnectionsRefused);
        return;
      }
      tls = tls_;
      // `idle` changes on the connection's strand only, so a request that has begun is not ended.
      entry = open_.insert(open_.end(), Open{[strand, cancel, idle] {
                             asio::post(strand, [cancel, idle] {
                               if (*idle) cancel->emit(asio::cancellation_type::terminal);
                             });
                           }});
    }
    service_.metrics().add(Counter::kConnections);
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const ConnectionShared shared{config_, service_, handlers_, draining_};
    asio::co_spawn(strand, serve_connection(shared, std::move(socket), std::move(tls), idle),
                   asio::bind_cancellation_slot(cancel->slot(),
                                                [this, entry, cancel](const std::exception_ptr&) {
                                                  const std::lock_guard lock(mutex_);
                                                  open_.erase(entry);
                                                }));
  }

  // Closes connections as they become idle, and whatever is left after the deadline.
  void wait_for_connections() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
      {
        const std::lock_guard lock(mutex_);
        if (open_.empty()) return;
        for (const Open& open : open_) open.close();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  const ServerConfig config_;
  Service& service_;
  std::mutex mutex_;
  TlsContext tls_;
  std::list<Open> open_;
  std::atomic<bool> draining_ = false;
  asio::io_context io_;
  asio::thread_pool handlers_;
  tcp::acceptor acceptor_;
  std::vector<std::thread> threads_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const ServerConfig& config, TlsContext tls,
                                              Service& service) {
  auto impl = std::make_unique<Impl>(config, std::move(tls), service);
  if (const Status listening = impl->listen(); !listening.ok()) {
    return tl::unexpected<Error>(listening.error());
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::set_tls(TlsContext tls) { impl_->set_tls(std::move(tls)); }
uint16_t Server::port() const { return impl_->port(); }

}  // namespace sonde::api
