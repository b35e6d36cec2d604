#include "agent/app/remote/http_client.h"

#include <algorithm>
#include <array>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace sonde::app {
namespace {

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Sink {
  HttpAnswer answer;
  size_t most_bytes = 0;
};

// Fewer bytes than were given end the transfer (libcurl, CURLOPT_WRITEFUNCTION).
size_t take_body(char* data, size_t size, size_t count, void* context) {
  Sink& sink = *static_cast<Sink*>(context);
  if (sink.answer.body.size() + size * count > sink.most_bytes) return 0;
  sink.answer.body.append(data, size * count);
  return size * count;
}

size_t take_header(char* data, size_t size, size_t count, void* context) {
  constexpr size_t kHeaders = 128;
  Sink& sink = *static_cast<Sink*>(context);
  const std::string_view line(data, size * count);
  const size_t colon = line.find(':');
  if (colon == line.npos || sink.answer.headers.size() >= kHeaders) return size * count;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() <= ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() <= ' ') value.remove_suffix(1);
  sink.answer.headers[name] = value;
  return size * count;
}

}  // namespace

bool is_allowed_url(std::string_view url) {
  if (url.starts_with("https://")) return url.size() > 8;
  if (!url.starts_with("http://")) return false;
  const std::string_view rest = url.substr(7);
  const std::string_view host = rest.substr(0, rest.find('/'));
  const std::string_view name =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  const bool digits = std::all_of(name.begin(), name.end(),
                                  [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  return name == "localhost" || name == "[::1]" || (digits && name.starts_with("127."));
}

CurlClient::CurlClient() {
  curl_global_init(CURL_GLOBAL_DEFAULT);  // idempotent and, since curl 7.84, thread-safe
}

Result<HttpAnswer> CurlClient::send(const HttpRequest& request) {
  if (!is_allowed_url(request.url)) return fail("must be an https:// address");
  const std::unique_ptr<CURL, FreeCurl> curl(curl_easy_init());
  if (!curl) return fail("out of memory");
  curl_slist* list = nullptr;
  for (const std::string& header : request.headers) {
    if (curl_slist* longer = curl_slist_append(list, header.c_str())) list = longer;
  }
  if (curl_slist* longer = curl_slist_append(list, "Expect:")) list = longer;
  const std::unique_ptr<curl_slist, FreeList> headers(list);
  Sink sink{{}, request.most_bytes};
  std::array<char, CURL_ERROR_SIZE> error{};
  CURL* handle = curl.get();
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!request.ca.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, request.ca.c_str());
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &sink);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &sink);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "sonde");
  if (!request.body.empty()) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  const CURLcode code = curl_easy_perform(handle);
  if (code != CURLE_OK) {
    return fail(error[0] != '\0' ? error.data() : curl_easy_strerror(code),
                code == CURLE_OPERATION_TIMEDOUT ? ETIMEDOUT : EIO);
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  sink.answer.status = static_cast<int>(status);
  return std::move(sink.answer);
}

}  // namespace sonde::app
