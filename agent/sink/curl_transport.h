// The collector over HTTPS: TLS 1.2 or newer, always verified, with a client certificate or a
// token; bodies are compressed with zstd; the connection stays open between batches.
#pragma once

#include <memory>
#include <string>

#include "agent/sink/transport.h"

namespace sonde::sink {

struct CurlTransportConfig {
  std::string url;   // "https://collector:8443"
  std::string ca;    // PEM file; empty: the system's
  std::string cert;  // PEM files; empty: no client certificate
  std::string key;
  std::string token_file;  // read before each request, so that it can be replaced
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds timeout{60};
};

// One thread posts; cancel() from any.
class CurlTransport final : public Transport {
 public:
  static Result<std::unique_ptr<CurlTransport>> create(const CurlTransportConfig& config);
  ~CurlTransport() override;

  Result<Answer> post(std::string_view ndjson) override;
  void cancel() override;

 private:
  struct Impl;
  explicit CurlTransport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The token in a file, without white space around it; visible ASCII only, since it becomes a
// header.
Result<std::string> read_token(const std::string& path);

// The common name of a PEM certificate's subject: the id by which the collector knows the agent.
Result<std::string> certificate_common_name(const std::string& path);

}  // namespace sonde::sink
