#include "collector/store/packed.h"

#include <memory>

#include <zstd.h>

namespace sonde::store {
namespace {

constexpr int kLevel = 1;
constexpr size_t kMostBytes = 4 << 20;  // an envelope is at most a quarter of it

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

std::string pack(std::string_view json) {
  // A context is large and slow to make: one for each thread.
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  std::string out(ZSTD_compressBound(json.size()), '\0');
  const size_t size =
      ZSTD_compressCCtx(context.get(), out.data(), out.size(), json.data(), json.size(), kLevel);
  if (ZSTD_isError(size)) return std::string(json);
  out.resize(size);
  return out;
}

Result<std::string> unpack(const std::string& stored) {
  if (!is_packed(stored)) return stored;
  const unsigned long long size = ZSTD_getFrameContentSize(stored.data(), stored.size());
  if (size > kMostBytes) return fail("a stored alert is damaged");  // errors are large numbers
  std::string out(static_cast<size_t>(size), '\0');
  const size_t got = ZSTD_decompress(out.data(), out.size(), stored.data(), stored.size());
  if (ZSTD_isError(got) || got != out.size()) return fail("a stored alert is damaged");
  return out;
}

}  // namespace sonde::store
