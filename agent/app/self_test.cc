#include "agent/app/self_test.h"

#include <array>
#include <memory>

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/app/commands.h"
#include "agent/app/host_facts.h"

namespace sonde::app {
namespace {

constexpr int kHandshakeRounds = 16;
constexpr long kCertificateSeconds = 3600;

template <typename T, void (*Free)(T*)>
struct FreeWith {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509, X509_free>>;
using Context = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX, SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, FreeWith<SSL, SSL_free>>;

Certificate self_signed(EVP_PKEY* key) {
  Certificate certificate(X509_new());
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kCertificateSeconds);
  X509_set_pubkey(certificate.get(), key);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

// Both ends in this process; each writes into what the other reads.
bool connect(SSL* client, SSL* server) {
  BIO* near = nullptr;
  BIO* far = nullptr;
  if (BIO_new_bio_pair(&near, 0, &far, 0) != 1) return false;
  SSL_set_bio(client, near, near);
  SSL_set_bio(server, far, far);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  for (int round = 0; round < kHandshakeRounds; ++round) {
    const int client_done = SSL_do_handshake(client);
    const int server_done = SSL_do_handshake(server);
    if (client_done == 1 && server_done == 1) return true;
  }
  return false;
}

}  // namespace

SelfTest::SelfTest() : token_(hex_text(random_bytes(16))) {}

Status SelfTest::call() {
  heard_ = false;
  std::string name = "sonde";
  std::string command = "self-test";
  std::string token = token_;
  std::array<char*, 4> arguments = {name.data(), command.data(), token.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  pid_t child = 0;
  const int error =
      posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments.data(), environment.data());
  if (error != 0) return fail_errno("cannot start the self-test", error);
  child_ = static_cast<uint32_t>(child);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != kExitGood)
    return fail(fmt::format("the self-test's TLS conversation failed (status {})", status));
  return {};
}

void SelfTest::on_data(uint32_t tgid, Bytes bytes) {
  if (tgid == child_.load() && as_text(bytes) == token_) heard_ = true;
}

int run_self_test_call(const std::string& token) {
  const Key key(EVP_EC_gen("P-256"));
  const Context server_context(SSL_CTX_new(TLS_server_method()));
  const Context client_context(SSL_CTX_new(TLS_client_method()));
  if (!key || !server_context || !client_context) return kExitFailure;
  const Certificate certificate = self_signed(key.get());
  SSL_CTX_use_certificate(server_context.get(), certificate.get());
  SSL_CTX_use_PrivateKey(server_context.get(), key.get());
  const Ssl server(SSL_new(server_context.get()));
  const Ssl client(SSL_new(client_context.get()));
  if (!server || !client || !connect(client.get(), server.get())) return kExitFailure;
  std::string received(token.size(), '\0');
  const int size = static_cast<int>(token.size());
  const bool good = SSL_write(client.get(), token.data(), size) == size &&
                    SSL_read(server.get(), received.data(), size) == size && received == token;
  return good ? kExitGood : kExitFailure;
}

}  // namespace sonde::app
