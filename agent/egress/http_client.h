// HTTP requests to a configured address: TLS 1.2 or newer, verified unless an operator said
// otherwise, no redirects, a bounded answer. Plain HTTP only to this host itself.
#pragma once

#include <chrono>
#include <map>
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
  size_t answer_bytes = size_t{1} << 20;  // kept of an answer's body
  bool verify = true;                     // the server's certificate
  bool proxy = true;                      // as the environment says
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  bool cut = false;                            // the body was longer than HttpOptions::answer_bytes
  std::map<std::string, std::string> headers;  // names in lower case
  std::optional<std::chrono::seconds> retry_after;
};

// Keeps its connection. One thread sends; cancel() from any: it ends the request that is under way,
// and each later one.
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
