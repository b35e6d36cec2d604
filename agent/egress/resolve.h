// Names to addresses, for sockets that are not libcurl's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <netdb.h>

#include "agent/base/result.h"

namespace sonde::egress {

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// Asks the resolver of this host; `socket_type` is SOCK_STREAM or SOCK_DGRAM. Fails as well once
// `give_up` holds: a silent name server costs the resolver tens of seconds.
Result<Addresses> resolve(const std::string& host, const std::string& port, int socket_type,
                          const std::function<bool()>& give_up);

}  // namespace sonde::egress
