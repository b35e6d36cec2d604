#include "agent/egress/http_client.h"

#include <algorithm>
#include <array>
#include <atomic>

#include <curl/curl.h>
#include <fmt/format.h>

namespace sonde::egress {
namespace {

constexpr size_t kHeaders = 128;

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// An answer that is being received.
struct Receipt {
  HttpAnswer answer;
  size_t most_bytes = 0;
};

size_t take_body(char* data, size_t size, size_t count, void* context) {
  Receipt& receipt = *static_cast<Receipt*>(context);
  std::string& body = receipt.answer.body;
  const size_t room = receipt.most_bytes - body.size();
  receipt.answer.cut = receipt.answer.cut || size * count > room;
  body.append(data, std::min(size * count, room));
  return size * count;
}

size_t take_header(char* data, size_t size, size_t count, void* context) {
  Receipt& receipt = *static_cast<Receipt*>(context);
  const std::string_view line(data, size * count);
  const size_t colon = line.find(':');
  if (colon == line.npos || receipt.answer.headers.size() >= kHeaders) return size * count;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() <= ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() <= ' ') value.remove_suffix(1);
  receipt.answer.headers[name] = value;
  return size * count;
}

int stop_if_cancelled(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

HeaderList make_headers(const std::vector<std::string>& headers) {
  HeaderList list;
  auto append = [&list](const char* header) {
    if (curl_slist* longer = curl_slist_append(list.get(), header)) {
      [[maybe_unused]] curl_slist* shorter = list.release();  // it is part of the longer one
      list.reset(longer);
    }
  };
  append("Expect:");  // no round trip before the body
  for (const std::string& header : headers) append(header.c_str());
  return list;
}

// "https://host:port" of a URL: what an error may name. A path can hold a secret.
std::string_view origin_of(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t slash = scheme == std::string_view::npos ? url.npos : url.find('/', scheme + 3);
  return url.substr(0, slash);
}

}  // namespace

struct HttpClient::Impl {
  HttpOptions options;
  std::unique_ptr<CURL, FreeCurl> curl;
  std::array<char, CURL_ERROR_SIZE> error{};
  std::atomic<bool> cancelled{false};

  void set_up() {
    CURL* handle = curl.get();
    const auto set_text = [&](CURLoption option, const std::string& value) {
      if (!value.empty()) curl_easy_setopt(handle, option, value.c_str());
    };
    set_text(CURLOPT_CAINFO, options.ca);
    set_text(CURLOPT_SSLCERT, options.certificate);
    set_text(CURLOPT_SSLKEY, options.key);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, options.verify ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, options.verify ? 2L : 0L);
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    if (!options.proxy) curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl knows
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    // A silent name server holds up no cancel(): the thread that asks it is left to end by itself.
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT,
                     static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, stop_if_cancelled);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &cancelled);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error.data());
    curl_easy_setopt(handle, CURLOPT_USERAGENT, options.user_agent.c_str());
  }

  Result<HttpAnswer> perform(const std::string& url, const std::vector<std::string>& headers) {
    if (const std::string problem = url_problem(url); !problem.empty()) return fail(problem);
    CURL* handle = curl.get();
    const HeaderList list = make_headers(headers);
    Receipt receipt{{}, options.answer_bytes};
    HttpAnswer& answer = receipt.answer;
    error[0] = '\0';
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list.get());
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &receipt);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &receipt);
    const CURLcode code = curl_easy_perform(handle);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
    if (code != CURLE_OK) {
      return fail(fmt::format("cannot reach {}: {}", origin_of(url),
                              error[0] != '\0' ? error.data() : curl_easy_strerror(code)));
    }
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    curl_off_t retry_after = 0;
    if (curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK &&
        retry_after > 0) {
      answer.retry_after = std::chrono::seconds(retry_after);
    }
    return std::move(answer);
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::create(const HttpOptions& options) {
  // Idempotent and, since curl 7.84, thread-safe.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail("cannot initialise libcurl");
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->curl.reset(curl_easy_init());
  if (!impl->curl) return fail("out of memory");
  impl->set_up();
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

Result<HttpAnswer> HttpClient::get(const std::string& url,
                                   const std::vector<std::string>& headers) {
  curl_easy_setopt(impl_->curl.get(), CURLOPT_HTTPGET, 1L);
  return impl_->perform(url, headers);
}

Result<HttpAnswer> HttpClient::post(const std::string& url, const std::vector<std::string>& headers,
                                    std::string_view body) {
  CURL* handle = impl_->curl.get();
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  // Read by the size below, not as a string.
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, static_cast<const void*>(body.data()));
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  auto answer = impl_->perform(url, headers);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, nullptr);
  return answer;
}

void HttpClient::cancel() { impl_->cancelled.store(true); }

std::string url_problem(std::string_view url) {
  struct FreeUrl {
    void operator()(CURLU* parsed) const { curl_url_cleanup(parsed); }
  };
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  const std::string text(url);
  char* scheme = nullptr;
  char* host = nullptr;
  std::string problem = "is no http or https URL";
  if (curl_url_set(parsed.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parsed.get(), CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) == CURLUE_OK) {
    const std::string_view name = host;
    const bool local = name == "localhost" || name == "[::1]" ||
                       (name.starts_with("127.") &&
                        name.find_first_not_of("0123456789.") == std::string_view::npos);
    if (std::string_view(scheme) == "https") problem.clear();
    if (std::string_view(scheme) == "http") {
      problem = local ? "" : "must be https: http is for this host itself";
    }
  }
  curl_free(scheme);
  curl_free(host);
  return problem;
}

}  // namespace sonde::egress
