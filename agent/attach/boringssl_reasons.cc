// Compiled with BoringSSL's headers in front of OpenSSL's (CMakeLists.txt).
#include "agent/attach/boringssl_reasons.h"

#include <openssl/cipher.h>
#include <openssl/err.h>
#include <openssl/is_boringssl.h>
#include <openssl/ssl.h>

namespace sonde::attach {

BoringSslReasons boringssl_reasons() {
  return {.should_not_have_been_called = ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED,
          .bad_length = SSL_R_BAD_LENGTH,
          .handshake_failure = SSL_R_SSL_HANDSHAKE_FAILURE,
          .uninitialized = SSL_R_UNINITIALIZED,
          .cipher_too_large = CIPHER_R_TOO_LARGE,
          .cipher_bad_decrypt = CIPHER_R_BAD_DECRYPT,
          .cipher_ctrl_not_implemented = CIPHER_R_CTRL_NOT_IMPLEMENTED,
          .cipher_invalid_operation = CIPHER_R_INVALID_OPERATION,
          .cipher_output_aliases_input = CIPHER_R_OUTPUT_ALIASES_INPUT};
}

}  // namespace sonde::attach
