#include "agent/sink/enrolment.h"

#include <array>
#include <filesystem>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "agent/sink/file.h"

namespace sonde::sink {
namespace {

using Json = nlohmann::json;

constexpr size_t kAnswerBytes = 256 << 10;
constexpr long kTimeoutSeconds = 30;

template <typename T, void (*Free)(T*)>
struct FreeWith {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY, EVP_PKEY_free>>;
using SigningRequest = std::unique_ptr<X509_REQ, FreeWith<X509_REQ, X509_REQ_free>>;
using Curl = std::unique_ptr<CURL, FreeWith<CURL, curl_easy_cleanup>>;
using Headers = std::unique_ptr<curl_slist, FreeWith<curl_slist, curl_slist_free_all>>;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Memory = std::unique_ptr<BIO, FreeBio>;

std::string text_of(const Memory& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<size_t>(size)};
}

struct KeyAndRequest {
  std::string key_pem;
  std::string request_pem;
};

// P-256 (FIPS 186-5) and a PKCS #10 request (RFC 2986); the collector sets the subject itself.
Result<KeyAndRequest> make_request() {
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

size_t take_answer(char* data, size_t size, size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size * count > kAnswerBytes) return 0;
  text.append(data, size * count);
  return size * count;
}

Result<std::string> post(const EnrolmentRequest& request, const std::string& body) {
  const Curl curl(curl_easy_init());
  if (!curl) return fail("cannot start curl");
  std::string answer;
  std::array<char, CURL_ERROR_SIZE> error{};
  const std::string url = request.url + "/api/v1/enrolment";
  const Headers headers(curl_slist_append(nullptr, "Content-Type: application/json"));
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl.get(), CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  if (!request.ca.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, request.ca.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_answer);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kTimeoutSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK)
    return fail(fmt::format("cannot reach the collector at {}: {}", request.url,
                            error[0] != '\0' ? error.data() : curl_easy_strerror(code)));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status == 201) return answer;
  const Json json = Json::parse(answer, nullptr, false);
  const std::string detail =
      json.is_object() && json.value("detail", Json()).is_string() ? json["detail"] : "";
  return fail(fmt::format("the collector refused to enrol this host: {} {}", status, detail));
}

}  // namespace

Result<std::string> enrol(const EnrolmentRequest& request) {
  const auto made = make_request();
  if (!made.ok()) return tl::unexpected(made.error());
  const auto answer =
      post(request, Json{{"token", request.token}, {"csr", made->request_pem}}.dump());
  if (!answer.ok()) return answer;
  const Json json = Json::parse(*answer, nullptr, false);
  for (const char* name : {"agent_id", "certificate", "ca"}) {
    if (!json.is_object() || !json.contains(name) || !json[name].is_string())
      return fail(fmt::format("the collector's answer has no text '{}'", name));
  }
  std::error_code exists;
  const std::filesystem::path parent = std::filesystem::path(request.directory).parent_path();
  std::filesystem::create_directories(parent, exists);  // what is wrong, the next step says
  const auto folder = File::open_private_directory(request.directory);
  if (!folder.ok()) return tl::unexpected(folder.error());
  const std::pair<const char*, std::string> files[] = {
      {"/agent.key", made->key_pem},
      {"/agent.crt", json["certificate"].get<std::string>()},
      {"/ca.crt", json["ca"].get<std::string>()}};
  for (const auto& [name, content] : files) {
    if (auto written = replace_file(request.directory + name, content); !written)
      return tl::unexpected(written.error());
  }
  return json["agent_id"].get<std::string>();
}

}  // namespace sonde::sink
