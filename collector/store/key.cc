#include "collector/store/key.h"

#include <array>
#include <string>

#include <openssl/sha.h>

namespace sonde::store {

int64_t key_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  uint64_t key = 0;
  for (size_t i = 0; i < 8; ++i) key = key << 8 | digest[i];
  return static_cast<int64_t>(key);
}

int64_t entity_key(std::string_view type, std::string_view value) {
  std::string text;
  text.reserve(type.size() + value.size() + 1);
  text.append(type).append(1, '\x1f').append(value);
  return key_of(text);
}

}  // namespace sonde::store
