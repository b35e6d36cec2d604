#include "agent/app/service/metrics_server.h"

#include <charconv>
#include <chrono>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <pthread.h>

#include "agent/base/open_metrics.h"

namespace sonde::app {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr size_t kConnections = 32;
constexpr uint32_t kHeaderBytes = 8 << 10;
constexpr std::chrono::seconds kDeadline{10};
constexpr std::string_view kPlain = "text/plain; charset=utf-8";

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

Response respond(const MetricsSource& source, const Request& request) {
  Response response{http::status::ok, request.version()};
  response.set(http::field::content_type, kPlain);
  response.set(http::field::cache_control, "no-store");
  const auto judge = [&](bool good, const Health& health) {
    if (!good) response.result(http::status::service_unavailable);
    response.body() = good ? "ok\n" : health.reason + "\n";
    for (const std::string& note : health.notes) response.body() += note + "\n";
  };
  const std::string_view target(request.target().data(), request.target().size());
  const std::string_view path = target.substr(0, target.find('?'));
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET, HEAD");
  } else if (path == "/metrics") {
    response.set(http::field::content_type, kOpenMetricsType);
    response.body() = source.metrics();
  } else if (path == "/healthz") {
    const Health health = source.health();
    judge(health.alive, health);
  } else if (path == "/readyz") {
    const Health health = source.health();
    judge(health.alive && health.ready, health);
  } else {
    response.result(http::status::not_found);
    response.body() = "there is /metrics, /healthz and /readyz\n";
  }
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

// One client. Lives as long as an operation of its own is under way: the handlers share it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::ip::tcp::socket socket, const MetricsSource& source, size_t& open)
      : stream_(std::move(socket)), source_(source), open_(open) {
    ++open_;
  }
  ~Session() { --open_; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytes);
    parser_->body_limit(0);
    stream_.expires_after(kDeadline);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, size_t) {
                       if (!error) self->write();
                     });
  }

 private:
  void write() {
    response_ = respond(source_, parser_->get());
    stream_.expires_after(kDeadline);
    http::async_write(stream_, response_, [self = shared_from_this()](error_code error, size_t) {
      if (!error && self->response_.keep_alive()) self->read();
    });
  }

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_{kHeaderBytes};
  std::optional<http::request_parser<http::empty_body>> parser_;
  Response response_;
  const MetricsSource& source_;
  size_t& open_;
};

Result<asio::ip::tcp::endpoint> parse_endpoint(const std::string& listen) {
  const size_t colon = std::min(listen.rfind(':'), listen.size());
  std::string address = listen.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  uint16_t port = 0;
  const char* const end = listen.data() + listen.size();
  const auto [rest, wrong] =
      std::from_chars(listen.data() + std::min(colon + 1, listen.size()), end, port);
  error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error || wrong != std::errc() || rest != end) {
    return fail(fmt::format(
        "metrics.listen '{}' must be an IP address and a port, such as 127.0.0.1:9464", listen));
  }
  return asio::ip::tcp::endpoint(parsed, port);
}

}  // namespace

class MetricsServer::Listener {
 public:
  explicit Listener(MetricsSource source) : source_(std::move(source)) {}
  ~Listener() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Status listen(const asio::ip::tcp::endpoint& endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kConnections, error);
    if (error) {
      return fail(fmt::format("cannot serve metrics on {}:{}: {}; choose another metrics.listen, "
                              "or \"\" for none",
                              endpoint.address().to_string(), endpoint.port(), error.message()),
                  error.value());
    }
    accept();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "sonde-metrics");
      context_.run();
    });
    return {};
  }
  uint16_t port() const {
    error_code error;
    return acceptor_.local_endpoint(error).port();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, asio::ip::tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      // Above the limit the socket closes here, unanswered.
      if (!error && open_ < kConnections) {
        std::make_shared<Session>(std::move(socket), source_, open_)->read();
      }
      accept();
    });
  }

  const MetricsSource source_;
  size_t open_ = 0;  // of the server's thread; outlives the sessions that context_ holds
  asio::io_context context_{1};
  asio::ip::tcp::acceptor acceptor_{context_};
  std::thread thread_;
};

MetricsServer::MetricsServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
MetricsServer::~MetricsServer() = default;

uint16_t MetricsServer::port() const { return listener_->port(); }

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(const std::string& listen,
                                                            MetricsSource source) {
  const auto endpoint = parse_endpoint(listen);
  if (!endpoint.ok()) return tl::unexpected<Error>(endpoint.error());
  auto listener = std::make_unique<Listener>(std::move(source));
  if (const Status listening = listener->listen(*endpoint); !listening.ok()) {
    return tl::unexpected<Error>(listening.error());
  }
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(listener)));
}

}  // namespace sonde::app
