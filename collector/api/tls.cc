#include "collector/api/tls.h"

#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>

namespace sonde::api {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

// Only HTTP/1.1 is spoken here; a client that offers h2 alone gets no protocol it did not name.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned int in_length, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_length, kOurs, sizeof kOurs - 1, in, in_length);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Status load_files(ssl::context& context, const TlsFiles& files) {
  error_code error;
  context.use_certificate_chain_file(files.certificate, error);
  if (error) {
    return fail(fmt::format("tls.certificate '{}': {}", files.certificate, error.message()));
  }
  context.use_private_key_file(files.key, ssl::context::pem, error);
  if (error) return fail(fmt::format("tls.key '{}': {}", files.key, error.message()));
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    return fail(fmt::format("tls.key '{}' does not belong to the certificate", files.key));
  }
  if (files.client_ca.empty()) return {};
  context.load_verify_file(files.client_ca, error);
  if (error) return fail(fmt::format("tls.client_ca '{}': {}", files.client_ca, error.message()));
  // The names go to the client, so that it can choose among its certificates.
  SSL_CTX_set_client_CA_list(context.native_handle(),
                             SSL_load_client_CA_file(files.client_ca.c_str()));
  context.set_verify_mode(ssl::verify_peer);
  return {};
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL");
  // Without resumption every connection proves its certificate anew, so that a change of the CA or
  // a revocation counts from the next connection on.
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_purpose(native, X509_PURPOSE_SSL_CLIENT);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  if (const Status loaded = load_files(*context, files); !loaded.ok()) {
    return tl::unexpected<Error>(loaded.error());
  }
  return context;
}

}  // namespace sonde::api
