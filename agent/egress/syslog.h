// Syslog messages (RFC 5424) over TCP with octet counting (RFC 6587, 3.4.1), or over TLS (RFC
// 5425).
//
// Syslog acknowledges nothing: what this promises is that each message was written to a connection
// that was open before and after. What a receiver read and lost, or had not read when it died, is
// gone; where that matters, take a target that acknowledges.
#pragma once

#include <memory>
#include <string>

#include "agent/base/result.h"
#include "agent/egress/target.h"

namespace sonde::egress {

struct SyslogConfig {
  std::string host;
  std::string port = "6514";
  bool tls = true;
  std::string ca;           // PEM file; empty: the system's
  std::string certificate;  // PEM files of a client certificate; empty: none
  std::string key;
  std::string hostname;  // of the sender
  Product product;
  std::chrono::seconds timeout{15};
};

// "<PRI>1 TIME HOST APP - MSGID - BOM MSG"; the message is CEF.
std::string syslog_message(const Record& record, const std::string& hostname,
                           const Product& product);

Result<std::unique_ptr<Target>> make_syslog_target(const SyslogConfig& config);

}  // namespace sonde::egress
