// Batches to the collector over HTTPS: bodies are compressed with zstd; the connection stays open
// between batches.
#pragma once

#include <memory>
#include <string>

#include "agent/sink/collector_client.h"
#include "agent/sink/transport.h"

namespace sonde::sink {

// One thread posts; cancel() from any.
class CurlTransport final : public Transport {
 public:
  static Result<std::unique_ptr<CurlTransport>> create(const CollectorClientConfig& config);
  ~CurlTransport() override;

  Result<Answer> post(std::string_view ndjson) override;
  void cancel() override;

 private:
  struct Impl;
  explicit CurlTransport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::sink
