#include "agent/sink/curl_transport.h"

#include <zstd.h>

namespace sonde::sink {
namespace {

constexpr int kCompressionLevel = 3;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

struct CurlTransport::Impl {
  std::unique_ptr<CollectorClient> client;
  std::unique_ptr<ZSTD_CCtx, FreeContext> context;
  std::string compressed;

  bool compress(std::string_view text) {
    compressed.resize(ZSTD_compressBound(text.size()));
    const size_t size = ZSTD_compressCCtx(context.get(), compressed.data(), compressed.size(),
                                          text.data(), text.size(), kCompressionLevel);
    if (ZSTD_isError(size) != 0) return false;
    compressed.resize(size);
    return true;
  }
};

CurlTransport::CurlTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlTransport::~CurlTransport() = default;

Result<std::unique_ptr<CurlTransport>> CurlTransport::create(const CollectorClientConfig& config) {
  auto client = CollectorClient::create(config);
  if (!client.ok()) return tl::unexpected<Error>(client.error());
  auto impl = std::make_unique<Impl>();
  impl->client = std::move(*client);
  impl->context.reset(ZSTD_createCCtx());
  if (!impl->context) return fail("out of memory");
  return std::unique_ptr<CurlTransport>(new CurlTransport(std::move(impl)));
}

Result<Answer> CurlTransport::post(std::string_view ndjson) {
  if (!impl_->compress(ndjson)) return fail("cannot compress the batch");
  auto answer = impl_->client->post(
      "/api/v1/ingest", {"Content-Type: application/x-ndjson", "Content-Encoding: zstd"},
      impl_->compressed);
  if (!answer.ok()) return tl::unexpected<Error>(answer.error());
  return Answer{answer->status, std::move(answer->body), answer->retry_after};
}

void CurlTransport::cancel() { impl_->client->cancel(); }

}  // namespace sonde::sink
