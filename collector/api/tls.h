// TLS of the listener: 1.2 and above, client certificates asked for but not demanded.
#pragma once

#include <memory>
#include <string>

#include "agent/base/result.h"

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming): Boost's name
}

namespace sonde::api {

struct TlsFiles {
  std::string certificate;  // PEM, chain
  std::string key;          // PEM
  std::string client_ca;    // PEM; empty: no client certificates
};

// Shared: connections keep the context they began with while a reload brings a new one.
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;
Result<TlsContext> make_tls_context(const TlsFiles& files);

}  // namespace sonde::api
