// Byte 0 chooses the codings, the rest is a coded body.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "agent/http/content_coding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::array<const char*, 6> kCodings = {"gzip", "deflate",  "br",
                                                   "zstd", "gzip, br", "deflate, zstd, gzip"};
  if (size == 0) return 0;
  const sonde::Limits limits;
  sonde::http::CodingChain chain(limits);
  chain.add(kCodings[data[0] % kCodings.size()]);
  sonde::Bytes input = std::as_bytes(std::span(data + 1, size - 1));
  uint64_t total = 0;
  for (auto piece = chain.next(input); !piece.empty(); piece = chain.next(input)) {
    total += piece.size();
  }
  if (!input.empty()) std::abort();
  const uint64_t bound = (uint64_t{2} << 20) + uint64_t{size} * (limits.decode_ratio + 1);
  if (total > bound) std::abort();
  return 0;
}
