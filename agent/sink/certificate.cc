#include "agent/sink/certificate.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "agent/sink/file.h"

namespace sonde::sink {
namespace {

constexpr size_t kPemBytes = 1 << 20;
constexpr const char* kNext = ".next";

template <typename T, void (*Free)(T*)>
struct FreeWith {
  void operator()(T* object) const { Free(object); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY, EVP_PKEY_free>>;
using SigningRequest = std::unique_ptr<X509_REQ, FreeWith<X509_REQ, X509_REQ_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509, X509_free>>;
using Memory = std::unique_ptr<BIO, FreeBio>;

Result<std::string> read_pem(const std::string& path) {
  const auto file = File::open(path, O_RDONLY);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  return file->read(0, kPemBytes);
}

Memory memory_of(const std::string& pem) {
  return Memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string text_of(const Memory& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<size_t>(size)};
}

Result<Certificate> load(const std::string& path) {
  const auto pem = read_pem(path);
  if (!pem.ok()) return tl::unexpected<Error>(pem.error());
  Certificate certificate(PEM_read_bio_X509(memory_of(*pem).get(), nullptr, nullptr, nullptr));
  if (!certificate) return fail(fmt::format("'{}' holds no certificate", path));
  return certificate;
}

int64_t unix_time(const ASN1_TIME* time) {
  std::tm calendar{};
  return ASN1_TIME_to_tm(time, &calendar) == 1 ? ::timegm(&calendar) : 0;
}

}  // namespace

Result<CertificateFacts> read_certificate(const std::string& path) {
  const auto certificate = load(path);
  if (!certificate.ok()) return tl::unexpected<Error>(certificate.error());
  std::array<char, 256> name{};
  if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate->get()), NID_commonName,
                                name.data(), name.size()) <= 0) {
    return fail(fmt::format("the certificate in '{}' has no common name", path));
  }
  return CertificateFacts{name.data(), unix_time(X509_get0_notBefore(certificate->get())),
                          unix_time(X509_get0_notAfter(certificate->get()))};
}

Result<KeyAndRequest> make_key_and_request() {
  const Key key(EVP_EC_gen("P-256"));
  const SigningRequest request(X509_REQ_new());
  const Memory key_pem(BIO_new(BIO_s_mem()));
  const Memory request_pem(BIO_new(BIO_s_mem()));
  const bool good = key && request && key_pem && request_pem &&
                    X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                    X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0 &&
                    PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                             nullptr) == 1 &&
                    PEM_write_bio_X509_REQ(request_pem.get(), request.get()) == 1;
  if (!good) return fail("cannot make a key and a certificate request");
  return KeyAndRequest{text_of(key_pem), text_of(request_pem)};
}

bool belong_together(const std::string& certificate_path, const std::string& key_path) {
  const auto certificate = load(certificate_path);
  const auto pem = read_pem(key_path);
  if (!certificate.ok() || !pem.ok()) return false;
  const Key key(PEM_read_bio_PrivateKey(memory_of(*pem).get(), nullptr, nullptr, nullptr));
  return key && X509_check_private_key(certificate->get(), key.get()) == 1;
}

Status replace_pair(const CertificateFiles& files, const std::string& certificate_pem,
                    const std::string& key_pem) {
  const std::string next_certificate = files.certificate + kNext;
  const std::string next_key = files.key + kNext;
  if (Status written = replace_file(next_certificate, certificate_pem); !written.ok()) {
    return written;
  }
  if (Status written = replace_file(next_key, key_pem); !written.ok()) return written;
  if (!belong_together(next_certificate, next_key)) {
    ::unlink(next_certificate.c_str());
    ::unlink(next_key.c_str());
    return fail("the certificate is not for the key that was made");
  }
  if (::rename(next_key.c_str(), files.key.c_str()) != 0) {
    return fail_errno("cannot replace " + files.key, errno);
  }
  if (::rename(next_certificate.c_str(), files.certificate.c_str()) != 0) {
    return fail_errno("cannot replace " + files.certificate, errno);
  }
  return {};
}

void finish_replacement(const CertificateFiles& files) {
  const std::string next_certificate = files.certificate + kNext;
  const std::string next_key = files.key + kNext;
  // The key was replaced and the certificate not yet.
  if (belong_together(next_certificate, files.key)) {
    ::rename(next_certificate.c_str(), files.certificate.c_str());
  }
  ::unlink(next_certificate.c_str());
  ::unlink(next_key.c_str());
}

}  // namespace sonde::sink
