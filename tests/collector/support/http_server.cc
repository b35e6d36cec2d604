#include "tests/collector/support/http_server.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sonde::testing {

HttpServer::HttpServer(std::function<HttpReply(const HttpCall&)> answer)
    : answer_(std::move(answer)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("cannot listen on the loopback address");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

HttpServer::~HttpServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string HttpServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

std::vector<HttpCall> HttpServer::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void HttpServer::run() {
  for (;;) {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    serve(connection);
    ::close(connection);
  }
}

// One request for each connection.
void HttpServer::serve(int connection) {
  std::string text;
  std::array<char, 65536> buffer{};
  HttpCall call;
  size_t head = std::string::npos;
  size_t length = 0;
  while (head == std::string::npos || text.size() < head + 4 + length) {
    const ssize_t got = ::read(connection, buffer.data(), buffer.size());
    if (got <= 0) return;
    text.append(buffer.data(), static_cast<size_t>(got));
    if (head != std::string::npos) continue;
    head = text.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    const size_t space = text.find(' ');
    call.method = text.substr(0, space);
    call.target = text.substr(space + 1, text.find(' ', space + 1) - space - 1);
    for (size_t at = text.find("\r\n") + 2; at < head;) {
      const size_t end = text.find("\r\n", at);
      const size_t colon = text.find(':', at);
      std::string name = text.substr(at, colon - at);
      std::transform(name.begin(), name.end(), name.begin(), ::tolower);
      call.headers[name] = text.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    if (call.headers.contains("content-length"))
      length = std::stoul(call.headers["content-length"]);
  }
  call.body = text.substr(head + 4);
  const HttpReply reply = answer_(call);
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
  }
  const std::string out =
      fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}",
                  reply.status, reply.body.size(), reply.headers, reply.body);
  (void)!::write(connection, out.data(), out.size());
}

}  // namespace sonde::testing
