// A small certification authority: the collector's own certificate where none is configured, and
// the certificates of agents that enrol.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sonde::api {

struct IssuedCertificate {
  std::string pem;
  std::string fingerprint;  // SHA-256 of the DER form, lower-case hexadecimal
  int64_t not_after_ms = 0;
};

struct CaFiles {
  std::string certificate;
  std::string key;
};

// Makes an authority (P-256, 10 years) in the two files unless both are there. Keys get mode 0600.
Status ensure_ca(const CaFiles& files);

// Makes a server certificate (P-256, 825 days) for `names` (DNS names and IP addresses), signed by
// the authority, unless there is one that is valid for another 30 days.
Status ensure_server_certificate(const CaFiles& ca, const CaFiles& server,
                                 const std::vector<std::string>& names);

// Signs a client certificate for `agent_id`, valid 90 days. Only the request's public key counts:
// its subject and extensions are the asker's wishes.
Result<IssuedCertificate> sign_agent(const CaFiles& ca, std::string_view csr_pem,
                                     std::string_view agent_id, int64_t now_ms);

// A key and the request for it, both PEM; for `agent enrol` and tests.
struct KeyAndRequest {
  std::string key;
  std::string csr;
};
Result<KeyAndRequest> make_request(std::string_view common_name);

}  // namespace sonde::api
