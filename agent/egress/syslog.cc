#include "agent/egress/syslog.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>

#include <arpa/inet.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/egress/cef.h"
#include "agent/egress/resolve.h"

namespace sonde::egress {
namespace {

constexpr int kFacility = 13;  // "log audit" (RFC 5424, 6.2.1)
constexpr size_t kPieceBytes = 64 << 10;

int syslog_severity(Severity severity) {
  switch (severity) {
    case Severity::kFatal:
      return 1;
    case Severity::kCritical:
      return 2;
    case Severity::kHigh:
      return 3;
    case Severity::kMedium:
      return 4;
    case Severity::kLow:
      return 5;
    default:
      return 6;
  }
}

// PRINTUSASCII of at most `longest` (RFC 5424, 6); "-" for nothing.
std::string printable(std::string_view text, size_t longest) {
  std::string out;
  for (const char c : text.substr(0, longest)) out += c > ' ' && c < '\x7f' ? c : '_';
  return out.empty() ? "-" : out;
}

template <typename T, void (*Function)(T*)>
struct Free {
  void operator()(T* pointer) const { Function(pointer); }
};
using SslContext = std::unique_ptr<SSL_CTX, Free<SSL_CTX, SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Free<SSL, SSL_free>>;

class Socket {
 public:
  explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}
  ~Socket() { reset(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }
  void reset(int descriptor = -1) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = descriptor;
  }

 private:
  int descriptor_;
};

std::string tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "the connection ended";
}

Result<SslContext> make_context(const SyslogConfig& config) {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail("cannot make a TLS context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const int trusted =
      config.ca.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                        : SSL_CTX_load_verify_locations(context.get(), config.ca.c_str(), nullptr);
  if (trusted != 1) return fail(fmt::format("cannot read the CA certificates '{}'", config.ca));
  if (!config.certificate.empty() &&
      (SSL_CTX_use_certificate_chain_file(context.get(), config.certificate.c_str()) != 1 ||
       SSL_CTX_use_PrivateKey_file(context.get(), config.key.c_str(), SSL_FILETYPE_PEM) != 1)) {
    return fail(fmt::format("cannot use the certificate '{}' with its key", config.certificate));
  }
  return context;
}

class SyslogTarget final : public Target {
 public:
  SyslogTarget(const SyslogConfig& config, SslContext context)
      : config_(config), context_(std::move(context)) {}

  Outcome send(std::span<const Record> records, const std::string&) override {
    if (socket_.get() < 0 || is_closed_by_peer()) {
      disconnect();
      if (const Status connected = connect(); !connected.ok()) {
        disconnect();
        return {Verdict::kTryAgain, connected.error().message};
      }
    }
    std::string frames;
    for (const Record& record : records) {
      const std::string message = syslog_message(record, config_.hostname, config_.product);
      fmt::format_to(std::back_inserter(frames), "{} {}", message.size(), message);
    }
    Status written = write_all(frames);
    if (written.ok() && is_closed_by_peer()) written = fail("the receiver closed the connection");
    if (written.ok()) return {};
    disconnect();
    return {Verdict::kTryAgain, written.error().message};
  }

  void cancel() override { cancelled_.store(true); }

 private:
  using Clock = std::chrono::steady_clock;

  // Waits in small steps, so that cancel() is heard.
  Status wait_for(short events) {
    while (Clock::now() < deadline_) {
      if (cancelled_.load()) return fail("it is being stopped");
      pollfd waited{socket_.get(), events, 0};
      const int ready = ::poll(&waited, 1, 100);
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return fail_errno("waiting for the receiver", errno);
    }
    return fail("the receiver does not answer in time");
  }

  Status connect() {
    deadline_ = Clock::now() + config_.timeout;
    const auto addresses = resolve(config_.host, config_.port, SOCK_STREAM, [this] {
      return cancelled_.load() || Clock::now() >= deadline_;
    });
    if (!addresses.ok()) return tl::unexpected<Error>(addresses.error());
    Status connected = fail("no address");
    for (const addrinfo* at = addresses->get(); at && !connected.ok(); at = at->ai_next) {
      connected = connect_to(*at);
    }
    if (!connected.ok()) {
      return fail(fmt::format("cannot connect to {}:{}: {}", config_.host, config_.port,
                              connected.error().message));
    }
    return context_ ? handshake() : Status();
  }

  Status connect_to(const addrinfo& address) {
    socket_.reset(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket_.get() < 0) return fail_errno("socket", errno);
    if (::connect(socket_.get(), address.ai_addr, address.ai_addrlen) != 0) {
      if (errno != EINPROGRESS) return fail_errno("connect", errno);
      if (Status waited = wait_for(POLLOUT); !waited.ok()) return waited;
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return fail_errno("connect", error);
    }
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {};
  }

  Status handshake() {
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.get());
    in6_addr literal{};
    const bool is_address = ::inet_pton(AF_INET, config_.host.c_str(), &literal) == 1 ||
                            ::inet_pton(AF_INET6, config_.host.c_str(), &literal) == 1;
    if (is_address) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), config_.host.c_str());
    } else {
// The cast is in OpenSSL's macro.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
      SSL_set_tlsext_host_name(ssl_.get(), config_.host.c_str());
#pragma GCC diagnostic pop
      SSL_set1_host(ssl_.get(), config_.host.c_str());
    }
    for (;;) {
      const int done = SSL_connect(ssl_.get());
      if (done == 1) return {};
      if (Status waited = wait_as_told(done); !waited.ok()) {
        const long verified = SSL_get_verify_result(ssl_.get());
        if (verified == X509_V_OK) return waited;
        return fail(fmt::format("the receiver's certificate is refused: {}",
                                X509_verify_cert_error_string(verified)));
      }
    }
  }

  Status wait_as_told(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return wait_for(POLLIN);
      case SSL_ERROR_WANT_WRITE:
        return wait_for(POLLOUT);
      default:
        return fail(tls_error());
    }
  }

  Status write_all(std::string_view text) {
    deadline_ = Clock::now() + config_.timeout;
    while (!text.empty()) {
      const std::string_view piece = text.substr(0, kPieceBytes);
      const auto written = write_some(piece);
      if (!written.ok()) return tl::unexpected<Error>(written.error());
      text.remove_prefix(*written);
    }
    return {};
  }

  // 0: it waited, and the same piece comes again.
  Result<size_t> write_some(std::string_view piece) {
    if (ssl_) {
      const int written = SSL_write(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
      if (written > 0) return static_cast<size_t>(written);
      if (const Status waited = wait_as_told(written); !waited.ok()) {
        return tl::unexpected<Error>(waited.error());
      }
      return size_t{0};
    }
    const ssize_t written = ::send(socket_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (written >= 0) return static_cast<size_t>(written);
    if (errno != EAGAIN && errno != EINTR) return fail_errno("write", errno);
    if (const Status waited = wait_for(POLLOUT); !waited.ok()) {
      return tl::unexpected<Error>(waited.error());
    }
    return size_t{0};
  }

  // A receiver sends nothing: what is readable is its end, a TLS ticket or an alert.
  bool is_closed_by_peer() {
    if (ssl_) {
      char byte = 0;
      const int read = SSL_peek(ssl_.get(), &byte, 1);
      return read <= 0 && SSL_get_error(ssl_.get(), read) != SSL_ERROR_WANT_READ;
    }
    char byte = 0;
    const ssize_t read = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return read == 0 || (read < 0 && errno != EAGAIN);
  }

  void disconnect() {
    if (ssl_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ssl_.reset();
    socket_.reset();
  }

  const SyslogConfig config_;
  const SslContext context_;  // empty: plain TCP
  Socket socket_;
  Ssl ssl_;
  Clock::time_point deadline_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

std::string syslog_message(const Record& record, const std::string& hostname,
                           const Product& product) {
  // MSG-ANY begins with a BOM where it is UTF-8 (RFC 5424, 6.4).
  return fmt::format("<{}>1 {:%Y-%m-%dT%H:%M:%S}.{:03}Z {} {} - {} - \xEF\xBB\xBF{}",
                     kFacility * 8 + syslog_severity(record.severity),
                     fmt::gmtime(static_cast<time_t>(record.time_ms / 1000)), record.time_ms % 1000,
                     printable(hostname, 255), product.name, printable(record.name, 32),
                     to_cef(record, product));
}

Result<std::unique_ptr<Target>> make_syslog_target(const SyslogConfig& config) {
  SslContext context;
  if (config.tls) {
    auto made = make_context(config);
    if (!made.ok()) return tl::unexpected<Error>(made.error());
    context = std::move(*made);
  }
  return std::unique_ptr<Target>(std::make_unique<SyslogTarget>(config, std::move(context)));
}

}  // namespace sonde::egress
