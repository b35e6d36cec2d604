// Error reason codes of BoringSSL, from its own headers: BoringSSL keeps them stable, and OpenSSL's
// headers give the same names other values, so they are compiled in a file of their own.
#pragma once

#include <cstdint>

namespace sonde::attach {

struct BoringSslReasons {
  uint32_t should_not_have_been_called = 0;  // ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED
  uint32_t bad_length = 0;                   // SSL_R_BAD_LENGTH
  uint32_t handshake_failure = 0;            // SSL_R_SSL_HANDSHAKE_FAILURE
  uint32_t uninitialized = 0;                // SSL_R_UNINITIALIZED
  // Of the AEAD interface (CIPHER_R_*).
  uint32_t cipher_too_large = 0;
  uint32_t cipher_bad_decrypt = 0;
  uint32_t cipher_ctrl_not_implemented = 0;
  uint32_t cipher_invalid_operation = 0;
  uint32_t cipher_output_aliases_input = 0;
};

BoringSslReasons boringssl_reasons();

}  // namespace sonde::attach
