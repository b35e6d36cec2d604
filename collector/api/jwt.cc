#include "collector/api/jwt.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

namespace sonde::api {
namespace {

using Json = nlohmann::json;
using Bytes = std::vector<unsigned char>;

constexpr size_t kTokenBytes = 64 << 10;
constexpr size_t kP256Bytes = 32;

template <typename T, void (*Function)(T*)>
struct Free {
  void operator()(T* pointer) const { Function(pointer); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BIGNUM, BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM, OSSL_PARAM_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG, ECDSA_SIG_free>>;

// base64url without padding (RFC 4648, 5).
std::optional<Bytes> decode(std::string_view text) {
  Bytes bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<uint32_t>(c - '0') + 52;
    } else if (c == '-' || c == '_') {
      value = c == '-' ? 62 : 63;
    } else {
      return std::nullopt;
    }
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<unsigned char>(bits >> count & 0xFF));
    }
  }
  return bytes;
}

Json decode_json(std::string_view part) {
  const auto bytes = decode(part);
  return bytes ? Json::parse(bytes->begin(), bytes->end(), nullptr, false) : Json();
}

std::string member(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

Key key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) <= 0) {
    return nullptr;
  }
  return Key(key);
}

Key rsa_key(const Json& jwk) {
  const auto modulus = decode(member(jwk, "n"));
  const auto exponent = decode(member(jwk, "e"));
  // 2048 bits at least (RFC 7518, 3.3); 16384 is the most OpenSSL verifies.
  if (!modulus || !exponent || modulus->size() < 256 || modulus->size() > 2048) return nullptr;
  const Number n(BN_bin2bn(modulus->data(), static_cast<int>(modulus->size()), nullptr));
  const Number e(BN_bin2bn(exponent->data(), static_cast<int>(exponent->size()), nullptr));
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return key_from("RSA", builder.get());
}

Key p256_key(const Json& jwk) {
  const auto x = decode(member(jwk, "x"));
  const auto y = decode(member(jwk, "y"));
  if (member(jwk, "crv") != "P-256" || !x || !y || x->size() != kP256Bytes ||
      y->size() != kP256Bytes) {
    return nullptr;
  }
  Bytes point = {0x04};  // uncompressed
  point.insert(point.end(), x->begin(), x->end());
  point.insert(point.end(), y->begin(), y->end());
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return key_from("EC", builder.get());
}

// JWS has r and s side by side (RFC 7518, 3.4); OpenSSL wants them in DER.
std::optional<Bytes> ecdsa_der(const Bytes& raw) {
  if (raw.size() != 2 * kP256Bytes) return std::nullopt;
  const Signature signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(raw.data(), kP256Bytes, nullptr);
  BIGNUM* s = BN_bin2bn(raw.data() + kP256Bytes, kP256Bytes, nullptr);
  if (ECDSA_SIG_set0(signature.get(), r, s) != 1) return std::nullopt;
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return std::nullopt;
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

bool is_signed_by(EVP_PKEY* key, std::string_view text, const Bytes& signature) {
  const Digest digest(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(digest.get(), signature.data(), signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

// The key that `header` names, for its algorithm; the only one where it names none.
const Json* find_key(const Json& key_set, const Json& header, const std::string& type) {
  const auto keys = key_set.find("keys");
  if (keys == key_set.end() || !keys->is_array()) return nullptr;
  const std::string id = member(header, "kid");
  for (const Json& key : *keys) {
    if (!key.is_object() || member(key, "kty") != type) continue;
    const std::string use = member(key, "use");
    if ((use.empty() || use == "sig") && (id.empty() || member(key, "kid") == id)) return &key;
  }
  return nullptr;
}

}  // namespace

Result<Json> verify_jwt(std::string_view token, const Json& key_set) {
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (token.size() > kTokenBytes || second == token.npos) return fail("this is no signed token");
  const Json header = decode_json(token.substr(0, first));
  Json claims = decode_json(token.substr(first + 1, second - first - 1));
  auto signature = decode(token.substr(second + 1));
  if (!header.is_object() || !claims.is_object() || !signature || !key_set.is_object()) {
    return fail("the token cannot be read");
  }
  const std::string algorithm = member(header, "alg");
  if (algorithm != "RS256" && algorithm != "ES256")
    return fail("the token is not signed RS256 or ES256");
  // A critical extension that is not understood makes the token invalid (RFC 7515, 4.1.11).
  if (header.contains("crit")) return fail("the token demands an extension");
  const bool rsa = algorithm == "RS256";
  const Json* jwk = find_key(key_set, header, rsa ? "RSA" : "EC");
  if (!jwk) return fail("the token is signed by an unknown key", kUnknownKey);
  const Key key = rsa ? rsa_key(*jwk) : p256_key(*jwk);
  if (!rsa) signature = ecdsa_der(*signature);
  if (!key || !signature || !is_signed_by(key.get(), token.substr(0, second), *signature)) {
    return fail("the token's signature is wrong");
  }
  return claims;
}

}  // namespace sonde::api
