#include "agent/app/identity/kubelet_client.h"

#include <array>
#include <atomic>

#include <curl/curl.h>
#include <fmt/format.h>

#include "agent/sink/collector_client.h"

namespace sonde::app {
namespace {

constexpr size_t kAnswerBytes = size_t{32} << 20;
constexpr long kConnectSeconds = 3;
constexpr long kAnswerSeconds = 5;

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// Fewer bytes taken than offered end the transfer.
size_t take_answer(char* data, size_t size, size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size * count > kAnswerBytes) return 0;
  text.append(data, size * count);
  return size * count;
}

int stop_if_cancelled(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

}  // namespace

struct KubeletClient::Impl {
  config::Kubernetes config;
  std::string url;
  std::unique_ptr<CURL, FreeCurl> curl;
  std::array<char, CURL_ERROR_SIZE> error{};
  std::atomic<bool> cancelled{false};

  void set_up();
};

KubeletClient::KubeletClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KubeletClient::~KubeletClient() = default;

void KubeletClient::Impl::set_up() {
  CURL* const handle = curl.get();
  url = config.kubelet;
  while (url.ends_with('/')) url.pop_back();
  url += "/pods";
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  if (!config.ca.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, config.ca.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, config.verify ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, config.verify ? 2L : 0L);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, kAnswerSeconds);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_answer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, stop_if_cancelled);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &cancelled);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "sonde");
}

Result<std::unique_ptr<KubeletClient>> KubeletClient::create(const config::Kubernetes& config) {
  // Idempotent and, since curl 7.84, thread-safe.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail("cannot initialise libcurl");
  auto impl = std::make_unique<Impl>();
  impl->config = config;
  impl->curl.reset(curl_easy_init());
  if (!impl->curl) return fail("out of memory");
  impl->set_up();
  return std::unique_ptr<KubeletClient>(new KubeletClient(std::move(impl)));
}

Result<std::string> KubeletClient::pods() {
  CURL* const handle = impl_->curl.get();
  std::unique_ptr<curl_slist, FreeList> headers(
      curl_slist_append(nullptr, "Accept: application/json"));
  if (!impl_->config.token_file.empty()) {
    // Read for each question: Kubernetes exchanges it every hour.
    const auto token = sink::read_token(impl_->config.token_file);
    if (!token.ok()) return tl::unexpected<Error>(token.error());
    const std::string bearer = "Authorization: Bearer " + *token;
    // The longer list begins where the shorter one did.
    if (headers) curl_slist_append(headers.get(), bearer.c_str());
  }
  std::string body;
  impl_->error[0] = '\0';
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
  const CURLcode code = curl_easy_perform(handle);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
  if (code != CURLE_OK) {
    const char* detail = impl_->error[0] != '\0' ? impl_->error.data() : curl_easy_strerror(code);
    return fail(fmt::format("cannot reach {}: {}", impl_->url, detail));
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) {
    return fail(
        fmt::format("{} answers with status {}: the service account needs 'get' on "
                    "nodes/proxy",
                    impl_->url, status));
  }
  return body;
}

void KubeletClient::cancel() { impl_->cancelled.store(true); }

}  // namespace sonde::app
