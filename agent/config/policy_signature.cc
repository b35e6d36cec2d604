// Signing and verifying of policies: Ed25519 (RFC 8032) over the bundle's bytes.
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "agent/config/policy.h"

namespace sonde::config {
namespace {

using Json = nlohmann::json;

constexpr size_t kSignatureBytes = 64;
constexpr std::string_view kSchema = "sonde.policy/1";

template <typename T, void (*Free)(T*)>
struct FreeWith {
  void operator()(T* object) const { Free(object); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY, EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Memory = std::unique_ptr<BIO, FreeBio>;

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Result<Key> ed25519(Key key, const char* what) {
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) {
    return fail(fmt::format("{} is no Ed25519 key in PEM form", what));
  }
  return key;
}

Result<Key> private_key(const std::string& pem) {
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return ed25519(Key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr)),
                 "the policy signing key");
}

Result<Key> public_key(const std::string& pem) {
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return ed25519(Key(PEM_read_bio_PUBKEY(memory.get(), nullptr, nullptr, nullptr)),
                 "the policy key");
}

std::string text_of(const Memory& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<size_t>(size)};
}

Result<std::string> public_pem_of(const Key& key) {
  const Memory memory(BIO_new(BIO_s_mem()));
  if (!memory || PEM_write_bio_PUBKEY(memory.get(), key.get()) != 1) {
    return fail("cannot write the policy key");
  }
  return text_of(memory);
}

std::string base64(const std::string& bytes) {
  std::string out(4 * (bytes.size() / 3 + 1) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

// 64 bytes are 88 characters, of which the last two are padding; empty if it is not that.
std::string signature_bytes(const std::string& text) {
  if (text.size() != 88 || !text.ends_with("==")) return {};
  std::string out(66, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text), 88) != 66) {
    return {};
  }
  out.resize(kSignatureBytes);
  return out;
}

}  // namespace

Result<PolicyKeys> make_policy_keys() {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Memory memory(BIO_new(BIO_s_mem()));
  if (!key || !memory ||
      PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return fail("cannot make a policy signing key");
  }
  const auto pem = public_pem_of(key);
  if (!pem.ok()) return tl::unexpected<Error>(pem.error());
  return PolicyKeys{text_of(memory), *pem};
}

Result<std::string> policy_public_key(const std::string& private_key_pem) {
  const auto key = private_key(private_key_pem);
  if (!key.ok()) return tl::unexpected<Error>(key.error());
  return public_pem_of(*key);
}

Result<SignedPolicy> sign_policy(const PolicyBundle& bundle, const std::string& private_key_pem) {
  const auto key = private_key(private_key_pem);
  if (!key.ok()) return tl::unexpected<Error>(key.error());
  SignedPolicy policy;
  policy.bundle = Json{{"schema", kSchema},
                       {"group", bundle.group},
                       {"version", bundle.version},
                       {"document", bundle.document}}
                      .dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  const Digest digest(EVP_MD_CTX_new());
  if (!digest || EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key->get()) != 1 ||
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(policy.bundle), policy.bundle.size()) != 1) {
    return fail("cannot sign the policy");
  }
  policy.signature = base64(signature);
  return policy;
}

Result<PolicyBundle> open_policy(const SignedPolicy& policy, const std::string& public_key_pem) {
  const auto key = public_key(public_key_pem);
  if (!key.ok()) return tl::unexpected<Error>(key.error());
  const std::string signature = signature_bytes(policy.signature);
  const Digest digest(EVP_MD_CTX_new());
  if (signature.empty() || !digest ||
      EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key->get()) != 1 ||
      EVP_DigestVerify(digest.get(), bytes_of(signature), signature.size(), bytes_of(policy.bundle),
                       policy.bundle.size()) != 1) {
    return fail("the policy's signature is not that of collector.policy_key");
  }
  return read_bundle(policy.bundle);
}

Result<PolicyBundle> read_bundle(const std::string& bundle) {
  const Json json = Json::parse(bundle, nullptr, false);
  if (!json.is_object() || json.value("schema", Json()) != Json(kSchema) ||
      !json.value("group", Json()).is_string() ||
      !json.value("version", Json()).is_number_integer() ||
      !json.value("document", Json()).is_string()) {
    return fail("the policy is of a form that this version does not know");
  }
  return PolicyBundle{json["group"], json["version"].get<int64_t>(), json["document"]};
}

}  // namespace sonde::config
