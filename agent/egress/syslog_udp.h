// Syslog messages (RFC 5424) over UDP, a datagram for each (RFC 5426).
//
// Nothing tells whether a datagram arrived; only a receiver on a host that answers "no such port"
// is noticed. For receivers that speak nothing better.
#pragma once

#include <memory>

#include "agent/egress/syslog.h"

namespace sonde::egress {

// Host, port, hostname and product of `config` count. A message that fits into no datagram is
// refused.
Result<std::unique_ptr<Target>> make_udp_syslog_target(const SyslogConfig& config);

}  // namespace sonde::egress
