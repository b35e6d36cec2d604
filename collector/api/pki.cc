#include "collector/api/pki.h"

#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace sonde::api {
namespace {

template <typename T, void (*kFree)(T*)>
struct Free {
  void operator()(T* pointer) const { kFree(pointer); }
};
void free_bio(BIO* bio) { BIO_free_all(bio); }
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509, X509_free>>;
using CertificateRequest = std::unique_ptr<X509_REQ, Free<X509_REQ, X509_REQ_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION, X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO, free_bio>>;

constexpr int64_t kDay = int64_t{24} * 3600;
constexpr int64_t kCaSeconds = 3650 * kDay;
constexpr int64_t kServerSeconds = 825 * kDay;
constexpr int64_t kRenewSeconds = 30 * kDay;
constexpr int64_t kAgentSeconds = 90 * kDay;

tl::unexpected<Error> crypto_failed(std::string_view what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return fail(fmt::format("{}: {}", what, text.data()));
}

template <typename Write>
std::string to_pem(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return to_pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
}
std::string pem_of(EVP_PKEY* key) {
  return to_pem([&](BIO* bio) {
    PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Bio memory(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Written beside and renamed, so that a reader sees the old file or the new one.
Status write_file(const std::string& path, const std::string& text, mode_t mode) {
  const std::string temporary = path + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return fail_errno(fmt::format("cannot write '{}'", temporary), errno);
  const ssize_t written = ::write(fd, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!whole) return fail_errno(fmt::format("cannot write '{}'", temporary), error);
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return fail_errno(fmt::format("cannot write '{}'", path), errno);
  }
  return {};
}

Certificate read_certificate(const std::string& path) {
  const Bio bio(BIO_new_file(path.c_str(), "r"));
  return Certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}
Key read_key(const std::string& path) {
  const Bio bio(BIO_new_file(path.c_str(), "r"));
  return Key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

struct Subject {
  std::string_view common_name;
  int64_t not_before = 0;  // seconds since 1970
  int64_t not_after = 0;
};

void set_name(X509_NAME* name, std::string_view common_name) {
  X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
}

// A certificate without extensions and signature.
Certificate draft(const Subject& subject, EVP_PKEY* public_key, const X509_NAME* issuer) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  // 127 random bits, positive (RFC 5280, 4.1.2.2; CA/Browser Forum asks for 64 at least).
  std::array<unsigned char, 16> serial{};
  RAND_bytes(serial.data(), serial.size());
  serial[0] &= 0x7f;
  const std::unique_ptr<BIGNUM, Free<BIGNUM, BN_free>> number(
      BN_bin2bn(serial.data(), serial.size(), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), subject.not_before);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), subject.not_after);
  set_name(X509_get_subject_name(certificate.get()), subject.common_name);
  X509_set_issuer_name(certificate.get(),
                       issuer ? issuer : X509_get_subject_name(certificate.get()));
  X509_set_pubkey(certificate.get(), public_key);
  return certificate;
}

// `value` is made of constants and checked names, never of what a stranger sent.
Status add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return crypto_failed("cannot add a certificate extension");
  }
  return {};
}

Status finish(X509* certificate, X509* issuer, EVP_PKEY* signer,
              const std::vector<std::pair<int, std::string>>& extensions) {
  for (const auto& [nid, value] : extensions) {
    if (const Status added = add_extension(certificate, issuer, nid, value); !added.ok()) {
      return added;
    }
  }
  if (X509_sign(certificate, signer, EVP_sha256()) == 0) {
    return crypto_failed("cannot sign a certificate");
  }
  return {};
}

int64_t now_seconds() { return std::time(nullptr); }

bool valid_for(X509* certificate, int64_t seconds) {
  const time_t later = static_cast<time_t>(now_seconds() + seconds);
  time_t at = later;
  return X509_cmp_time(X509_get0_notAfter(certificate), &at) > 0;
}

bool is_address(const std::string& name) {
  return name.find(':') != std::string::npos ||
         name.find_first_not_of("0123456789.") == std::string::npos;
}

std::string fingerprint_of(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    fmt::format_to(std::back_inserter(text), "{:02x}", digest[i]);
  }
  return text;
}

// Ed25519, P-256 and up, RSA 2048 and up.
bool is_strong(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
      return true;
    case EVP_PKEY_EC:
      return EVP_PKEY_get_bits(key) >= 256;
    case EVP_PKEY_RSA:
      return EVP_PKEY_get_bits(key) >= 2048 && EVP_PKEY_get_bits(key) <= 8192;
    default:
      return false;
  }
}

}  // namespace

Status ensure_ca(const CaFiles& files) {
  if (read_certificate(files.certificate) && read_key(files.key)) return {};
  if (std::filesystem::exists(files.certificate) || std::filesystem::exists(files.key)) {
    // Never replace an authority that agents may trust already.
    return fail(fmt::format("'{}' and '{}' must both be readable, or both be absent",
                            files.certificate, files.key));
  }
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return crypto_failed("cannot make a key");
  const int64_t now = now_seconds();
  const Certificate certificate =
      draft({"Sonde collector CA", now - 3600, now + kCaSeconds}, key.get(), nullptr);
  Status signed_now = finish(certificate.get(), certificate.get(), key.get(),
                             {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                              {NID_key_usage, "critical,keyCertSign,cRLSign"},
                              {NID_subject_key_identifier, "hash"}});
  if (!signed_now.ok()) return signed_now;
  if (const Status written = write_file(files.key, pem_of(key.get()), 0600); !written.ok()) {
    return written;
  }
  return write_file(files.certificate, pem_of(certificate.get()), 0644);
}

Status ensure_server_certificate(const CaFiles& ca, const CaFiles& server,
                                 const std::vector<std::string>& names) {
  const Certificate present = read_certificate(server.certificate);
  if (present && read_key(server.key) && valid_for(present.get(), kRenewSeconds)) return {};
  const Certificate issuer = read_certificate(ca.certificate);
  const Key signer = read_key(ca.key);
  const Key key(EVP_EC_gen("P-256"));
  if (!issuer || !signer || !key) return crypto_failed("cannot make the server's certificate");
  std::string alternatives;
  for (const std::string& name : names) {
    fmt::format_to(std::back_inserter(alternatives), "{}{}:{}", alternatives.empty() ? "" : ",",
                   is_address(name) ? "IP" : "DNS", name);
  }
  const int64_t now = now_seconds();
  const Certificate certificate = draft({"sonde-collector", now - 3600, now + kServerSeconds},
                                        key.get(), X509_get_subject_name(issuer.get()));
  Status signed_now = finish(certificate.get(), issuer.get(), signer.get(),
                             {{NID_basic_constraints, "critical,CA:FALSE"},
                              {NID_key_usage, "critical,digitalSignature"},
                              {NID_ext_key_usage, "serverAuth"},
                              {NID_subject_alt_name, alternatives},
                              {NID_subject_key_identifier, "hash"},
                              {NID_authority_key_identifier, "keyid"}});
  if (!signed_now.ok()) return signed_now;
  if (const Status written = write_file(server.key, pem_of(key.get()), 0600); !written.ok()) {
    return written;
  }
  return write_file(server.certificate, pem_of(certificate.get()), 0644);
}

Result<IssuedCertificate> sign_agent(const CaFiles& ca, std::string_view csr_pem,
                                     std::string_view agent_id, int64_t now_ms) {
  const Bio bio = memory(csr_pem);
  const CertificateRequest request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  EVP_PKEY* public_key = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
  // The signature proves that the asker holds the key (RFC 2986, 3).
  if (!public_key || X509_REQ_verify(request.get(), public_key) != 1) {
    ERR_clear_error();
    return fail("the request is no valid PKCS #10 request");
  }
  if (!is_strong(public_key)) return fail("the key must be Ed25519, P-256 or RSA of 2048 bits");
  const Certificate issuer = read_certificate(ca.certificate);
  const Key signer = read_key(ca.key);
  if (!issuer || !signer) return crypto_failed("the authority cannot be read");
  const int64_t now = now_ms / 1000;
  const Certificate certificate = draft({agent_id, now - 300, now + kAgentSeconds}, public_key,
                                        X509_get_subject_name(issuer.get()));
  Status signed_now = finish(certificate.get(), issuer.get(), signer.get(),
                             {{NID_basic_constraints, "critical,CA:FALSE"},
                              {NID_key_usage, "critical,digitalSignature"},
                              {NID_ext_key_usage, "clientAuth"},
                              {NID_subject_key_identifier, "hash"},
                              {NID_authority_key_identifier, "keyid"}});
  if (!signed_now.ok()) return tl::unexpected<Error>(signed_now.error());
  return IssuedCertificate{pem_of(certificate.get()), fingerprint_of(certificate.get()),
                           (now + kAgentSeconds) * 1000};
}

Result<KeyAndRequest> make_request(std::string_view common_name) {
  const Key key(EVP_EC_gen("P-256"));
  const CertificateRequest request(X509_REQ_new());
  if (!key || !request) return crypto_failed("cannot make a key");
  set_name(X509_REQ_get_subject_name(request.get()), common_name);
  X509_REQ_set_pubkey(request.get(), key.get());
  if (X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0) {
    return crypto_failed("cannot sign a certificate request");
  }
  return KeyAndRequest{pem_of(key.get()),
                       to_pem([&](BIO* out) { PEM_write_bio_X509_REQ(out, request.get()); })};
}

}  // namespace sonde::api
