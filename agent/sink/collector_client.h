// Requests to the collector as this agent: TLS 1.2 or newer, always verified, with a client
// certificate or a token.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/egress/http_client.h"

namespace sonde::sink {

struct CollectorClientConfig {
  std::string url;   // "https://collector:8443"
  std::string ca;    // PEM file; empty: the system's
  std::string cert;  // PEM files; empty: no client certificate
  std::string key;
  std::string token_file;  // read before each request, so that it can be replaced
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds timeout{60};
};

// Keeps its connection. One thread asks; cancel() from any.
class CollectorClient {
 public:
  static Result<std::unique_ptr<CollectorClient>> create(const CollectorClientConfig& config);

  // `path` begins with a slash. An error means that there was no answer.
  Result<egress::HttpAnswer> get(const std::string& path);
  Result<egress::HttpAnswer> post(const std::string& path, std::vector<std::string> headers,
                                  std::string_view body);
  void cancel() { http_->cancel(); }

 private:
  CollectorClient(const CollectorClientConfig& config, std::unique_ptr<egress::HttpClient> http)
      : config_(config), http_(std::move(http)) {}
  Status authorize(std::vector<std::string>& headers) const;

  CollectorClientConfig config_;
  std::unique_ptr<egress::HttpClient> http_;
};

// The token in a file, without white space around it; visible ASCII only, since it becomes a
// header.
Result<std::string> read_token(const std::string& path);

}  // namespace sonde::sink
