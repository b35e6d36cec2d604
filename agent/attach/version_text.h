// Version texts that stand in a file.
#pragma once

#include <string>

#include "agent/attach/search.h"

namespace sonde::attach {

// "OpenSSL 3.0.15" or "LibreSSL 3.8.2" where the file holds libcrypto's text once, else the newest
// symbol version it defines ("OpenSSL >= 3.0.0"), else empty.
std::string openssl_version(Search& search);

// The newest symbol version the file defines: "GnuTLS >= 3.7.7"; else empty.
std::string gnutls_version(const ElfImage& image);

}  // namespace sonde::attach
