// Syslog receivers on the loopback address: octet-counted messages over TCP or TLS (RFC 6587, RFC
// 5425), and datagrams (RFC 5426).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sonde::testing {

// A bound socket and its port.
inline int bind_loopback(int type, int& port) {
  const int descriptor = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return descriptor;
}

class DatagramReceiver {
 public:
  DatagramReceiver() : socket_(bind_loopback(SOCK_DGRAM, port_)) {
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~DatagramReceiver() { ::close(socket_); }
  DatagramReceiver(const DatagramReceiver&) = delete;
  DatagramReceiver& operator=(const DatagramReceiver&) = delete;
  std::string port() const { return std::to_string(port_); }
  // Empty after ten seconds of silence.
  std::string next() {
    std::string message(65536, '\0');
    const ssize_t size = ::recv(socket_, message.data(), message.size(), 0);
    message.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return message;
  }

 private:
  int port_ = 0;
  int socket_;
};

// Accepts one connection after the other, and reads octet-counted messages.
class SyslogReceiver {
 public:
  explicit SyslogReceiver(SSL_CTX* context = nullptr) : context_(context) {
    listener_ = bind_loopback(SOCK_STREAM, port_);
    ::listen(listener_, 4);
    thread_ = std::thread([this] { run(); });
  }
  ~SyslogReceiver() {
    ::shutdown(listener_, SHUT_RDWR);
    ::shutdown(connection_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string port() const { return std::to_string(port_); }
  // Ends the connection that is open, as a restart of the receiver would.
  void hang_up() { ::shutdown(connection_, SHUT_RDWR); }
  std::vector<std::string> wait_for(size_t count) {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (messages_.size() >= count) return messages_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
  }

 private:
  void run() {
    for (;;) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      connection_ = connection;
      SSL* ssl = context_ ? SSL_new(context_) : nullptr;
      if (ssl) SSL_set_fd(ssl, connection);
      if (!ssl || SSL_accept(ssl) == 1) read_all(connection, ssl);
      SSL_free(ssl);
      ::close(connection);
    }
  }
  void read_all(int connection, SSL* ssl) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto got = ssl ? SSL_read(ssl, buffer.data(), buffer.size())
                           : static_cast<int>(::read(connection, buffer.data(), buffer.size()));
      if (got <= 0) return;
      text.append(buffer.data(), static_cast<size_t>(got));
      for (size_t space = text.find(' '); space != std::string::npos; space = text.find(' ')) {
        const size_t size = std::stoul(text.substr(0, space));
        if (text.size() < space + 1 + size) break;
        const std::lock_guard lock(mutex_);
        messages_.push_back(text.substr(space + 1, size));
        text.erase(0, space + 1 + size);
      }
    }
  }

  SSL_CTX* context_;
  int listener_ = -1;
  std::atomic<int> connection_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> messages_;
  std::thread thread_;
};

}  // namespace sonde::testing
