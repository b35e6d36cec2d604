// The agent's key and certificate on disk.
#pragma once

#include <cstdint>
#include <string>

#include "agent/base/result.h"

namespace sonde::sink {

struct CertificateFacts {
  std::string common_name;   // the id by which the collector knows the agent
  int64_t not_before_s = 0;  // Unix time
  int64_t not_after_s = 0;
};

Result<CertificateFacts> read_certificate(const std::string& path);

// A P-256 key (FIPS 186-5) and a PKCS #10 request (RFC 2986); the collector sets the subject
// itself.
struct KeyAndRequest {
  std::string key_pem;
  std::string request_pem;
};
Result<KeyAndRequest> make_key_and_request();

// Whether the key in the PEM file is the certificate's. False too where one cannot be read.
bool belong_together(const std::string& certificate_path, const std::string& key_path);

// Replaces both files. Whenever the machine stops, finish_replacement() leaves a pair that belongs
// together: the old one or the new one.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};
Status replace_pair(const CertificateFiles& files, const std::string& certificate_pem,
                    const std::string& key_pem);
void finish_replacement(const CertificateFiles& files);

}  // namespace sonde::sink
