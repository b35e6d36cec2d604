// HTTP requests to a configured address: TLS 1.2 or newer, always verified, no redirects, no
// proxies from the environment of others.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sonde::egress {

struct HttpOptions {
  std::string ca;           // PEM file; empty: the system's
  std::string certificate;  // PEM files of a client certificate; empty: none
  std::string key;
  std::string user_agent = "sonde";
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds timeout{30};
};

struct HttpAnswer {
  int status = 0;
  std::string body;  // cut at 1 MiB
  std::optional<std::chrono::seconds> retry_after;
};

// Keeps its connection. One thread sends; cancel() from any.
class HttpClient {
 public:
  static Result<std::unique_ptr<HttpClient>> create(const HttpOptions& options);
  ~HttpClient();

  // An error means that there was no answer; it names the host, never a header or a body.
  Result<HttpAnswer> get(const std::string& url, const std::vector<std::string>& headers = {});
  Result<HttpAnswer> post(const std::string& url, const std::vector<std::string>& headers,
                          std::string_view body);
  void cancel();

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// "" if `url` may be asked: https, or http to this host itself. Else why not.
std::string url_problem(std::string_view url);

}  // namespace sonde::egress
