#include "agent/detect/fingerprint.h"

#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sonde::detect {

std::string fingerprint(std::string_view key, std::string_view value) {
  constexpr size_t kBytes = 6;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(value.data()), value.size(), digest.data(), &size);
  std::string out;
  for (size_t i = 0; i < kBytes; ++i) {
    out.push_back(kDigits[digest[i] >> 4]);
    out.push_back(kDigits[digest[i] & 15]);
  }
  return out;
}

}  // namespace sonde::detect
