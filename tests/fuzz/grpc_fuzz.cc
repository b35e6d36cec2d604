// A gRPC body, whole and byte by byte: the messages must be the same. Byte 0 chooses the framing.
#include <cstdint>
#include <cstdlib>

#include "agent/http/grpc.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sonde;
  if (size == 0) return 0;
  const http::GrpcFraming framing{.web = (data[0] & 1) != 0,
                                  .base64 = (data[0] & 2) != 0,
                                  .subtype = {},
                                  .encoding = (data[0] & 4) != 0 ? "gzip" : "identity"};
  const Bytes body = std::as_bytes(std::span(data + 1, size - 1));
  Limits limits;
  limits.grpc_message_bytes = 1 << 20;
  Counters counters;
  http::GrpcParser whole(framing, limits, counters);
  http::GrpcParser cut(framing, limits, counters);
  std::vector<http::GrpcMessage> a;
  std::vector<http::GrpcMessage> b;
  whole.consume(body, a);
  for (size_t i = 0; i < body.size(); ++i) cut.consume(body.subspan(i, 1), b);
  if (a.size() != b.size()) std::abort();
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].data != b[i].data || a[i].trailers != b[i].trailers) std::abort();
  }
  whole.gap(body.size() % 7);
  whole.consume(body, a);
  return 0;
}
