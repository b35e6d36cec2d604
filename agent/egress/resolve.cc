#include "agent/egress/resolve.h"

#include <fmt/format.h>

#include "agent/base/abandonable.h"

namespace sonde::egress {
namespace {

struct Answer {
  int failed = 0;
  Addresses addresses;
};

}  // namespace

Result<Addresses> resolve(const std::string& host, const std::string& port, int socket_type,
                          const std::function<bool()>& give_up) {
  auto answer = wait_unless(give_up, [host, port, socket_type] {
    addrinfo hints{};
    hints.ai_socktype = socket_type;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    return Answer{failed, Addresses(found)};
  });
  if (!answer) return fail(fmt::format("cannot resolve '{}': no answer in time", host));
  if (answer->failed != 0) {
    return fail(fmt::format("cannot resolve '{}': {}", host, ::gai_strerror(answer->failed)));
  }
  return std::move(answer->addresses);
}

}  // namespace sonde::egress
