#include "agent/sink/curl_transport.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <zstd.h>

#include "agent/sink/file.h"

namespace sonde::sink {
namespace {

constexpr size_t kAnswerBytes = 1 << 20;
constexpr size_t kTokenBytes = 4096;
constexpr int kCompressionLevel = 3;

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

size_t take_answer(char* data, size_t size, size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  text.append(data, std::min(size * count, kAnswerBytes - std::min(text.size(), kAnswerBytes)));
  return size * count;
}

int stop_if_cancelled(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

void append_header(HeaderList& list, const std::string& header) {
  if (curl_slist* longer = curl_slist_append(list.get(), header.c_str())) {
    [[maybe_unused]] curl_slist* shorter = list.release();  // it is part of the longer one
    list.reset(longer);
  }
}

}  // namespace

Result<std::string> read_token(const std::string& path) {
  const auto file = File::open(path, O_RDONLY);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  auto token = file->read(0, kTokenBytes);
  if (!token.ok()) return token;
  while (!token->empty() && static_cast<unsigned char>(token->back()) <= ' ') token->pop_back();
  for (const char c : *token) {
    if (c <= ' ' || c > '~') return fail(fmt::format("'{}' does not hold a token", path));
  }
  if (token->empty()) return fail(fmt::format("'{}' is empty", path));
  return token;
}

struct CurlTransport::Impl {
  CurlTransportConfig config;
  std::unique_ptr<CURL, FreeCurl> curl;
  std::unique_ptr<ZSTD_CCtx, FreeContext> context;
  std::string compressed;
  std::array<char, CURL_ERROR_SIZE> error{};
  std::atomic<bool> cancelled{false};

  bool compress(std::string_view text);
  void set_up();
};

CurlTransport::CurlTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlTransport::~CurlTransport() = default;

void CurlTransport::Impl::set_up() {
  CURL* handle = curl.get();
  const auto set_text = [&](CURLoption option, const std::string& value) {
    if (!value.empty()) curl_easy_setopt(handle, option, value.c_str());
  };
  set_text(CURLOPT_URL, config.url + "/api/v1/ingest");
  set_text(CURLOPT_CAINFO, config.ca);
  set_text(CURLOPT_SSLCERT, config.cert);
  set_text(CURLOPT_SSLKEY, config.key);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT,
                   static_cast<long>(config.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, static_cast<long>(config.timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_answer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, stop_if_cancelled);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &cancelled);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "sonde");
}

bool CurlTransport::Impl::compress(std::string_view text) {
  compressed.resize(ZSTD_compressBound(text.size()));
  const size_t size = ZSTD_compressCCtx(context.get(), compressed.data(), compressed.size(),
                                        text.data(), text.size(), kCompressionLevel);
  if (ZSTD_isError(size) != 0) return false;
  compressed.resize(size);
  return true;
}

Result<std::unique_ptr<CurlTransport>> CurlTransport::create(const CurlTransportConfig& config) {
  // Idempotent and, since curl 7.84, thread-safe.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail("cannot initialise libcurl");
  auto impl = std::make_unique<Impl>();
  impl->config = config;
  while (impl->config.url.ends_with('/')) impl->config.url.pop_back();
  impl->curl.reset(curl_easy_init());
  impl->context.reset(ZSTD_createCCtx());
  if (!impl->curl || !impl->context) return fail("out of memory");
  impl->set_up();
  return std::unique_ptr<CurlTransport>(new CurlTransport(std::move(impl)));
}

Result<Answer> CurlTransport::post(std::string_view ndjson) {
  CURL* handle = impl_->curl.get();
  HeaderList headers;
  append_header(headers, "Content-Type: application/x-ndjson");
  append_header(headers, "Content-Encoding: zstd");
  append_header(headers, "Expect:");  // no round trip before the body
  if (!impl_->config.token_file.empty()) {
    const auto token = read_token(impl_->config.token_file);
    if (!token.ok()) return tl::unexpected<Error>(token.error());
    append_header(headers, "Authorization: Bearer " + *token);
  }
  if (!impl_->compress(ndjson)) return fail("cannot compress the batch");
  Answer answer;
  impl_->error[0] = '\0';
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, impl_->compressed.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(impl_->compressed.size()));
  const CURLcode code = curl_easy_perform(handle);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
  if (code != CURLE_OK) {
    const char* detail = impl_->error[0] != '\0' ? impl_->error.data() : curl_easy_strerror(code);
    return fail(fmt::format("cannot reach {}: {}", impl_->config.url, detail));
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  curl_off_t retry_after = 0;
  if (curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK &&
      retry_after > 0) {
    answer.retry_after = std::chrono::seconds(retry_after);
  }
  return answer;
}

void CurlTransport::cancel() { impl_->cancelled.store(true); }

Result<std::string> certificate_common_name(const std::string& path) {
  const auto file = File::open(path, O_RDONLY);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  const auto pem = file->read(0, 1 << 20);
  if (!pem.ok()) return tl::unexpected<Error>(pem.error());
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  if (!certificate) return fail(fmt::format("'{}' holds no certificate", path));
  std::array<char, 256> name{};
  if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName,
                                name.data(), name.size()) <= 0) {
    return fail(fmt::format("the certificate in '{}' has no common name", path));
  }
  return std::string(name.data());
}

}  // namespace sonde::sink
