#include "collector/api/connection.h"

#include <array>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "collector/api/events.h"
#include "collector/api/url.h"

namespace sonde::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;
using Parser = http::request_parser<http::string_body>;

// Errors come back as values; an exception would end the connection without its goodbye.
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kCommentInterval{15};
constexpr std::chrono::milliseconds kEventPoll{200};
constexpr std::chrono::seconds kLinger{2};
constexpr size_t kLingerBytes = 16 << 20;

std::optional<PeerCertificate> peer_certificate(SSL* ssl) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                                X509_free);
  if (!certificate || SSL_get_verify_result(ssl) != X509_V_OK) return std::nullopt;
  PeerCertificate peer;
  std::array<char, 256> name{};
  const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()),
                                               NID_commonName, name.data(), name.size());
  if (length > 0) peer.common_name.assign(name.data(), static_cast<size_t>(length));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size);
  for (unsigned int i = 0; i < size; ++i) {
    fmt::format_to(std::back_inserter(peer.fingerprint), "{:02x}", digest[i]);
  }
  return peer;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// False where the target cannot be decoded.
bool read_head(const Parser::value_type& message, Request& request) {
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  const size_t question = request.target.find('?');
  request.path = request.target.substr(0, question);
  for (const auto& field : message) {
    request.headers.emplace_back(lower(field.name_string()), std::string(field.value()));
  }
  if (question == std::string::npos) return true;
  auto query = parse_query(std::string_view(request.target).substr(question + 1));
  if (!query) return false;
  request.query = std::move(*query);
  return true;
}

http::response<http::string_body> to_message(Response& response, const Request& request,
                                             bool keep_alive) {
  http::response<http::string_body> message;
  message.version(11);
  message.result(static_cast<unsigned>(response.status));
  message.reason(std::string(reason_phrase(response.status)));
  message.set(http::field::server, "sonde-collector");
  message.set("X-Content-Type-Options", "nosniff");
  message.set("X-Frame-Options", "DENY");
  message.set("Referrer-Policy", "no-referrer");
  message.set("Strict-Transport-Security", "max-age=31536000");
  message.set("Cross-Origin-Opener-Policy", "same-origin");
  message.set("Cross-Origin-Resource-Policy", "same-origin");
  message.set("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
  // Nothing inline, nothing from elsewhere: a prompt that is shown stays text even if a page errs.
  message.set("Content-Security-Policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
              "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
              "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'");
  message.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : response.headers) {
    if (name == "Cache-Control") {
      message.set(name, value);
    } else {
      message.insert(name, value);
    }
  }
  const bool without_body = response.status == 204 || response.status == 304;
  if (!without_body) message.set(http::field::content_type, response.content_type);
  message.keep_alive(keep_alive);
  const size_t size = response.body.size();
  if (request.method != "HEAD" && !without_body) message.body() = std::move(response.body);
  if (!without_body) message.content_length(size);
  return message;
}

class Connection {
 public:
  Connection(ConnectionShared shared, asio::ip::tcp::socket socket, TlsContext tls,
             std::shared_ptr<std::atomic<bool>> idle)
      : shared_(shared),
        tls_(std::move(tls)),
        stream_(std::move(socket), *tls_),
        idle_(std::move(idle)) {}

  asio::awaitable<void> run() {
    error_code ignored;
    const auto remote = tcp().socket().remote_endpoint(ignored);
    remote_address_ = remote.address().to_string();
    loopback_ = remote.address().is_loopback();
    tcp().expires_after(shared_.config.handshake_timeout);
    auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kNoThrow);
    if (error) {
      shared_.service.metrics().add(Counter::kHandshakesFailed);
      co_return;
    }
    peer_ = peer_certificate(stream_.native_handle());
    bool more = true;
    while (more && !shared_.draining) more = co_await serve_one();
    tcp().expires_after(std::chrono::seconds(5));
    co_await stream_.async_shutdown(kNoThrow);
  }

 private:
  beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

  Request new_request() const {
    Request request;
    request.remote_address = remote_address_;
    request.loopback = loopback_;
    request.peer = peer_;
    return request;
  }

  // One request and its answer; false when the connection ends with it.
  asio::awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(shared_.config.header_bytes));
    parser.body_limit(boost::none);
    if (!co_await read_header(parser)) co_return false;
    Request request = new_request();
    if (!read_head(parser.get(), request)) {
      co_return co_await refuse(problem(400, "the request target cannot be decoded"), request);
    }
    Admission admission = co_await on_handlers<Admission>(
        [this, &request] { return shared_.service.admit(request); });
    if (admission.refused) {
      // The body, if any, was not read: the connection cannot go on behind it.
      if (!parser.is_done()) co_return co_await refuse(std::move(*admission.refused), request);
      co_return co_await write(std::move(*admission.refused), request, parser.get().keep_alive());
    }
    if (!co_await read_body(parser, request, admission)) co_return false;
    const bool keep_alive = parser.get().keep_alive() && !shared_.draining;
    Response response = co_await on_handlers<Response>(
        [this, &request, &admission] { return shared_.service.handle(request, admission); });
    if (response.events) co_return co_await stream_events(std::move(response), request);
    co_return co_await write(std::move(response), request, keep_alive);
  }

  asio::awaitable<bool> read_header(Parser& parser) {
    // The first byte may take long on a kept-alive connection, the rest of the header may not.
    *idle_ = true;
    if (buffer_.size() == 0) {
      tcp().expires_after(shared_.config.idle_timeout);
      auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(4096), kNoThrow);
      if (error) co_return false;
      buffer_.commit(size);
    }
    *idle_ = false;
    tcp().expires_after(shared_.config.header_timeout);
    auto [error, size] = co_await http::async_read_header(stream_, buffer_, parser, kNoThrow);
    if (!error) co_return true;
    if (error == http::error::end_of_stream) co_return false;
    shared_.service.metrics().add(Counter::kRequestsMalformed);
    const int status = error == http::error::header_limit ? 431 : 400;
    if (error.category() == http::make_error_code(http::error::bad_method).category()) {
      co_await write(problem(status, "this is no HTTP/1.1 request"), Request(), false);
    }
    co_return false;
  }

  asio::awaitable<bool> read_body(Parser& parser, Request& request, const Admission& admission) {
    const auto length = parser.content_length();
    if (length && *length > admission.body_limit) {
      co_return co_await refuse(problem(413, "the body is too large"), request);
    }
    parser.body_limit(admission.body_limit);
    tcp().expires_after(shared_.config.body_timeout);
    if (lower(request.header("expect")) == "100-continue") {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      auto [error, size] = co_await asio::async_write(
          stream_, asio::buffer(kContinue.data(), kContinue.size()), kNoThrow);
      if (error) co_return false;
    }
    auto [error, size] = co_await http::async_read(stream_, buffer_, parser, kNoThrow);
    if (error == http::error::body_limit) {
      co_return co_await refuse(problem(413, "the body is too large"), request);
    }
    if (error) co_return false;
    request.body = std::move(parser.get().body());
    co_return true;
  }

  asio::awaitable<bool> refuse(Response response, const Request& request) {
    co_await write(std::move(response), request, false);
    co_await discard_input();
    co_return false;
  }

  // A close with unread input makes TCP reset the connection, and a client that is still sending
  // would never see the answer (RFC 9112, 9.6).
  asio::awaitable<void> discard_input() {
    tcp().expires_after(kLinger);
    for (size_t discarded = 0; discarded < kLingerBytes;) {
      buffer_.clear();
      auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(64 << 10), kNoThrow);
      if (error) co_return;
      discarded += size;
    }
  }

  asio::awaitable<bool> write(Response response, const Request& request, bool keep_alive) {
    auto message = to_message(response, request, keep_alive);
    http::response_serializer<http::string_body> serializer(message);
    serializer.split(false);
    tcp().expires_after(shared_.config.write_timeout);
    auto [error, size] = co_await http::async_write(stream_, serializer, kNoThrow);
    co_return !error && keep_alive;
  }

  // Handlers block on the store; they run on their own threads.
  template <typename T, typename Function>
  asio::awaitable<T> on_handlers(Function function) {
    co_return co_await asio::co_spawn(
        shared_.handlers, [&function]() -> asio::awaitable<T> { co_return function(); },
        asio::use_awaitable);
  }

  asio::awaitable<bool> stream_events(Response response, const Request& request) {
    const std::shared_ptr<Subscription> events = std::move(response.events);
    auto message = to_message(response, request, false);
    message.erase(http::field::content_length);
    http::response_serializer<http::string_body> serializer(message);
    tcp().expires_after(shared_.config.write_timeout);
    auto [error, size] = co_await http::async_write_header(stream_, serializer, kNoThrow);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    auto next_comment = std::chrono::steady_clock::now();
    while (!error && !events->closed() && !shared_.draining) {
      std::string text = events->take();
      const auto now = std::chrono::steady_clock::now();
      if (now >= next_comment) {
        next_comment = now + kCommentInterval;
        text += ": still here\n\n";
        const bool allowed = co_await on_handlers<bool>(
            [&events] { return !events->still_allowed || events->still_allowed(); });
        if (!allowed) break;
      }
      if (!text.empty()) {
        tcp().expires_after(shared_.config.write_timeout);
        std::tie(error, size) = co_await asio::async_write(stream_, asio::buffer(text), kNoThrow);
      }
      timer.expires_after(kEventPoll);
      co_await timer.async_wait(kNoThrow);
    }
    events->close();
    co_return false;
  }

  ConnectionShared shared_;
  TlsContext tls_;
  Stream stream_;
  std::shared_ptr<std::atomic<bool>> idle_;
  beast::flat_buffer buffer_;
  std::string remote_address_;
  bool loopback_ = false;
  std::optional<PeerCertificate> peer_;
};

}  // namespace

asio::awaitable<void> serve_connection(ConnectionShared shared, asio::ip::tcp::socket socket,
                                       TlsContext tls, std::shared_ptr<std::atomic<bool>> idle) {
  Connection connection(shared, std::move(socket), std::move(tls), std::move(idle));
  co_await connection.run();
}

}  // namespace sonde::api
