#include "agent/egress/syslog_udp.h"

#include <atomic>
#include <cerrno>
#include <chrono>

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/egress/resolve.h"

namespace sonde::egress {
namespace {

class UdpSyslogTarget final : public Target {
 public:
  explicit UdpSyslogTarget(const SyslogConfig& config) : config_(config) {}
  ~UdpSyslogTarget() override { disconnect(); }
  UdpSyslogTarget(const UdpSyslogTarget&) = delete;
  UdpSyslogTarget& operator=(const UdpSyslogTarget&) = delete;

  Outcome send(std::span<const Record> records, const std::string&) override {
    if (socket_ < 0) {
      if (const Status connected = connect(); !connected.ok()) {
        return {Verdict::kTryAgain, connected.error().message};
      }
    }
    Outcome outcome;
    for (const Record& record : records) {
      const std::string message = syslog_message(record, config_.hostname, config_.product);
      if (::send(socket_, message.data(), message.size(), MSG_NOSIGNAL) >= 0) continue;
      if (errno == EMSGSIZE) {
        ++outcome.refused;
        continue;
      }
      // The answer to an earlier datagram comes with the next call (ECONNREFUSED, EHOSTUNREACH).
      outcome = {Verdict::kTryAgain,
                 fail_errno("cannot send to " + config_.host, errno).value().message};
      disconnect();
      return outcome;
    }
    return outcome;
  }

  void cancel() override { cancelled_.store(true); }

 private:
  Status connect() {
    const auto deadline = std::chrono::steady_clock::now() + config_.timeout;
    const auto addresses = resolve(config_.host, config_.port, SOCK_DGRAM, [this, deadline] {
      return cancelled_.load() || std::chrono::steady_clock::now() >= deadline;
    });
    if (!addresses.ok()) return tl::unexpected<Error>(addresses.error());
    for (const addrinfo* at = addresses->get(); at != nullptr && socket_ < 0; at = at->ai_next) {
      socket_ = ::socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (socket_ >= 0 && ::connect(socket_, at->ai_addr, at->ai_addrlen) != 0) disconnect();
    }
    if (socket_ < 0) return fail(fmt::format("no way to {}:{}", config_.host, config_.port));
    return {};
  }

  void disconnect() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  const SyslogConfig config_;
  int socket_ = -1;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

Result<std::unique_ptr<Target>> make_udp_syslog_target(const SyslogConfig& config) {
  return std::unique_ptr<Target>(std::make_unique<UdpSyslogTarget>(config));
}

}  // namespace sonde::egress
