// One HTTPS request to a service that an operator named: TLS 1.2 or newer, always verified, no
// redirects, a bounded answer. Plain HTTP only to this host itself.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sonde::app {

struct HttpRequest {
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;                  // empty: GET, else POST
  std::chrono::seconds timeout{10};
  std::string ca;  // PEM file; empty: the system's
  size_t most_bytes = size_t{1} << 20;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any thread. The error says nothing of the body.
  virtual Result<HttpAnswer> send(const HttpRequest& request) = 0;
};

class CurlClient final : public HttpClient {
 public:
  CurlClient();
  Result<HttpAnswer> send(const HttpRequest& request) override;
};

// https://HOST..., or http:// to localhost, 127.0.0.0/8 or [::1].
bool is_allowed_url(std::string_view url);

}  // namespace sonde::app
